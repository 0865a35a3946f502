//! Reading versions: without a server, many at once, one file of them, a range.

mod command;
mod entries;
mod many;
mod offline;
mod registries;
mod store;
mod store_13;
mod together;

use wandb_rs::{Artifact, Client, LoggedArtifact};

use crate::push::Place;

/// Logs files with this content to the artifact `name`.
async fn log(
    place: &Place,
    client: &Client,
    name: &str,
    files: &[(&str, &[u8])],
) -> LoggedArtifact {
    let mut artifact = Artifact::new(name, "dataset").unwrap();
    for (number, (path, content)) in files.iter().enumerate() {
        let file = place.write(&format!("logged/{name}/{number}"), content);
        let file = wandb_rs::AddFile::new(file).name(*path);
        artifact.add_file(file).unwrap();
    }
    client.save(artifact).await.unwrap()
}

/// Returns bytes that do not repeat soon.
fn bytes(seed: u8, length: usize) -> Vec<u8> {
    let mut state = u32::from(seed) + 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}
