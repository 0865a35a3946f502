//! Logs a model as safetensors, and maps its tensors into memory straight from the cache, without a copy.
//!
//! `cargo run -p mapped-model`; it goes where the settings say: with `WANDB_BASE_URL` and `WANDB_API_KEY` to a server.

use std::error::Error;
use std::io::Write as _;

use memmap2::Mmap;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use wandb_rs::{Artifact, CachedFile, Client};

const NAME: &str = "model.safetensors";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::from_env()?;
    let mut artifact = Artifact::new("mapped-model", "model")?;
    let model = model()?;
    artifact.new_file(NAME, |file| file.write_all(&model))?;
    let logged = client.save(artifact).await?;

    // Verified, and where it is: nothing is copied. While `file` is there, no clean-up of the cache takes it away.
    let file = logged.cached_file(NAME).await?;
    let mapped = map(&file)?;
    let tensors = SafeTensors::deserialize(&mapped)?;
    for (name, tensor) in tensors.iter() {
        let (kind, shape) = (tensor.dtype(), tensor.shape());
        println!("{name}: {kind:?} {shape:?}, mean {}", mean(&tensor));
    }
    Ok(())
}

/// Maps a file of the cache, or of an embedded store.
#[expect(
    unsafe_code,
    reason = "a mapping is as good as what nobody does to the file"
)]
fn map(file: &CachedFile) -> std::io::Result<Mmap> {
    // SAFETY: the files of caches and stores are read-only and replaced by renames, never written to or shortened, by this
    // library and the official client. That no other program does so is this program's promise.
    unsafe { Mmap::map(file.file()) }
}

/// Two layers, as a training would save them.
fn model() -> Result<Vec<u8>, Box<dyn Error>> {
    let weights: Vec<u8> = (0_u8..12)
        .flat_map(|n| f32::from(n).to_le_bytes())
        .collect();
    let bias: Vec<u8> = [0.5_f32; 3]
        .into_iter()
        .flat_map(f32::to_le_bytes)
        .collect();
    let tensors = [
        (
            "layer.weight",
            TensorView::new(Dtype::F32, vec![3, 4], &weights)?,
        ),
        ("layer.bias", TensorView::new(Dtype::F32, vec![3], &bias)?),
    ];
    Ok(safetensors::serialize(tensors, None)?)
}

/// Returns the mean of 32-bit floats, read where they are.
fn mean(tensor: &TensorView<'_>) -> f32 {
    let values = tensor.data().chunks_exact(4);
    let (sum, count) = values
        .map(|bytes| f32::from_le_bytes(bytes.try_into().expect("four bytes")))
        .fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}
