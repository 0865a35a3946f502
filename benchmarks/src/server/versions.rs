//! Many versions of one collection, each with one reference, so that only their records take space.

use anyhow::Result;
use md5_lanes::Md5;

use super::http::{Connection, Request};
use super::manifest::hex;
use super::process::ServerProcess;
use super::writer::Writer;

/// Number of connections that create versions.
const WRITERS: u64 = 4;

/// Creates `count` versions of `name`.
pub(crate) fn make(server: &ServerProcess, name: &str, count: u64) -> Result<()> {
    std::thread::scope(|scope| {
        let make = |first: u64| {
            let mut connection = Connection::open(&server.address)?;
            (first..count)
                .step_by(usize::try_from(WRITERS)?)
                .try_for_each(|number| one(&mut connection, server, name, number))
        };
        let writers: Vec<_> = (0..WRITERS)
            .map(|first| scope.spawn(move || make(first)))
            .collect();
        writers
            .into_iter()
            .try_for_each(|writer| writer.join().expect("no request panics"))
    })
}

fn one(connection: &mut Connection, server: &ServerProcess, name: &str, number: u64) -> Result<()> {
    let etag = hex(Md5::digest(&number.to_le_bytes()));
    let manifest = format!(
        r#"{{"version":1,"storagePolicy":"wandb-storage-policy-v1","storagePolicyConfig":{{"storageLayout":"V2"}},"contents":{{"a":{{"digest":"{etag}","ref":"s3://bucket/a","size":1}}}}}}"#
    );
    let digest = hex(Md5::digest(
        format!("wandb-artifact-manifest-v1\na:{etag}\n").as_bytes(),
    ));
    let writer = Writer::begin_with_digest(connection, server, name, &digest)?;
    let md5 = Md5::digest(manifest.as_bytes());
    let url = writer.manifest_url(connection, server, &md5)?;
    let request = Request {
        method: "PUT",
        target: ServerProcess::target(&url)?,
        authorization: None,
    };
    connection.ask(&request, manifest.as_bytes())?;
    writer.commit(connection, server)
}
