//! Bytes per second of this crate beside the `md-5` crate: one message, and batches of many.

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use md5_lanes::{Digest, Md5, digest_many, finalize_many, kernel, lanes, update_many};

/// Messages of the given lengths, each in an allocation of its own, as a reader of files has them.
fn messages(lengths: impl IntoIterator<Item = usize>) -> Vec<Vec<u8>> {
    let byte = |at: usize| (at.wrapping_mul(0x9e37_79b1) >> 11).to_le_bytes()[0];
    lengths
        .into_iter()
        .enumerate()
        .map(|(seed, length)| (seed..seed + length).map(byte).collect())
        .collect()
}

fn reference(message: &[u8]) -> Digest {
    use md5::Digest as _;
    md5::Md5::digest(message).into()
}

fn one_message(criterion: &mut Criterion) {
    let message = messages([1 << 20]).concat();
    let mut group = criterion.benchmark_group("1 x 1 MiB");
    group.throughput(Throughput::Bytes(message.len() as u64));
    group.bench_function("Md5::digest", |bencher| {
        bencher.iter(|| Md5::digest(black_box(&message)));
    });
    group.bench_function("md-5", |bencher| {
        bencher.iter(|| reference(black_box(&message)));
    });
    group.finish();
}

fn many_messages(criterion: &mut Criterion, name: &str, lengths: impl Iterator<Item = usize>) {
    let owned = messages(lengths);
    let messages: Vec<&[u8]> = owned.iter().map(Vec::as_slice).collect();
    let bytes: usize = messages.iter().map(|message| message.len()).sum();

    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Bytes(bytes as u64));
    let lanes = format!("{} x{}", kernel(), lanes());
    group.bench_function(format!("digest_many, {lanes}"), |bencher| {
        bencher.iter(|| digest_many(black_box(&messages)));
    });
    group.bench_function(format!("update_many + finalize_many, {lanes}"), |bencher| {
        bencher.iter(|| {
            let mut states = vec![Md5::new(); messages.len()];
            update_many(&mut states, black_box(&messages));
            finalize_many(states)
        });
    });
    group.bench_function("md-5", |bencher| {
        bencher.iter(|| {
            let digests = black_box(&messages)
                .iter()
                .map(|message| reference(message));
            digests.collect::<Vec<_>>()
        });
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    one_message(&mut criterion);
    many_messages(&mut criterion, "64 x 1 KiB", [1 << 10; 64].into_iter());
    many_messages(&mut criterion, "64 x 4 KiB", [4 << 10; 64].into_iter());
    many_messages(&mut criterion, "64 x 64 KiB", [64 << 10; 64].into_iter());
    // 0 to 63 in a scrambled order, spread over the range.
    let mixed = (0..64).map(|i| (1 << 10) + i * 37 % 64 * 240);
    many_messages(&mut criterion, "64 x 1 to 16 KiB", mixed);
    criterion.final_summary();
}
