//! The schema as a file, so that reviews show changes of the protocol.

use std::fs;
use std::path::Path;

/// `WANDB_RS_UPDATE_SCHEMA=1 cargo test -p wandb-rs-artifact-server schema` updates the file.
const UPDATE: &str = "WANDB_RS_UPDATE_SCHEMA";

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "how a person says that the file is to be written"
)]
fn schema_file_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.graphql");
    let current = artifact_server::schema_sdl();
    if std::env::var_os(UPDATE).is_some() {
        fs::write(&path, &current).unwrap();
    }
    // Line ends may be the checkout's.
    let kept = fs::read_to_string(&path)
        .unwrap_or_default()
        .replace("\r\n", "\n");
    let differs = kept.lines().zip(current.lines()).find(|(a, b)| a != b);
    assert!(
        kept == current,
        "schema.graphql is not current, first at {differs:?}: run \
         `{UPDATE}=1 cargo test -p wandb-rs-artifact-server schema`"
    );
}
