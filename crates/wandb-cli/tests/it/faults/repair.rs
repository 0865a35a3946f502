//! A damaged store: what is damaged is told and never handed out, and logging the same files again puts it right.

use std::fs;
use std::path::Path;

use super::bench::{ADDRESS, Bench, assert_same_tree, fail, run, set_mode, tree};
use super::random::Random;

fn flip(blob: &Path) {
    let mut content = fs::read(blob).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 1;
    set_mode(blob, 0o644);
    fs::write(blob, content).unwrap();
}

fn delete(blob: &Path) {
    fs::remove_file(blob).unwrap();
}

/// Damages every blob of a file, and follows what the messages say.
fn assert_repaired(damage: fn(&Path)) {
    let bench = Bench::new();
    let mut random = Random::new(5);
    fs::write(bench.data("small"), random.bytes(1_000)).unwrap();
    fs::write(bench.data("large"), random.bytes(300_000)).unwrap();
    // Long enough that the files are known without a read.
    std::thread::sleep(std::time::Duration::from_millis(100));
    run(&mut bench.put());
    for blob in tree(&bench.store().join("blobs")).into_values() {
        if !fs::read(&blob).unwrap().starts_with(b"{") {
            damage(&blob);
        }
    }
    let address = format!("{ADDRESS}:v0");
    let verify = ["artifact", "verify", &address, "--json"];
    let verified = bench.command(&verify).output().unwrap();
    assert_eq!(verified.status.code(), Some(3));
    let message = fail(&mut bench.get("v0", "out"));
    assert!(message.contains("hint: "), "{message}");
    assert!(tree(&bench.path("out")).is_empty());

    run(&mut bench.put());
    run(&mut bench.command(&verify));
    run(&mut bench.get("v0", "out"));
    assert_same_tree(&bench.path("data"), &bench.path("out"));
    bench.assert_clean();
}

#[test]
fn flipped_content_is_put_right_by_logging_it_again() {
    assert_repaired(flip);
}

#[test]
fn deleted_content_is_put_right_by_logging_it_again() {
    assert_repaired(delete);
}
