//! References through resolvers of the caller's own.

use std::sync::Arc;

use artifact_core::ports::Fetched as Opened;
use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use serde_json::Map;
use wandb_rs::{
    AddReference, Client, EntryDigest, Error, FlowError, ReferenceObject, ReferenceResolver,
    ReferenceUri, ResolveError,
};

use crate::drafts::artifact;
use crate::tree::{Place, files_in};

/// Content of `mem:` URIs, whose store does not tell sizes.
#[derive(Debug)]
struct Memory(Vec<(&'static str, &'static [u8])>);

#[async_trait]
impl ReferenceResolver for Memory {
    fn resolve(
        &self,
        uri: &ReferenceUri,
        _checksum: bool,
    ) -> BoxStream<'static, Result<ReferenceObject, ResolveError>> {
        let prefix = uri.as_str().to_owned();
        let below = format!("{prefix}/");
        let objects: Vec<_> = self
            .0
            .iter()
            .filter(|(name, _)| *name == prefix || name.starts_with(&below))
            .map(|(name, _)| {
                Ok(ReferenceObject {
                    uri: name.parse().unwrap(),
                    relative_path: name
                        .strip_prefix(&below)
                        .unwrap_or_else(|| name.rsplit(['/', ':']).next().unwrap())
                        .to_owned(),
                    digest: EntryDigest::Opaque(format!("etag of {name}").into()),
                    size: None,
                    extra: Map::new(),
                })
            })
            .collect();
        if objects.is_empty() {
            let uri = uri.clone();
            return stream::once(async { Err(ResolveError::NotFound { uri }) }).boxed();
        }
        stream::iter(objects).boxed()
    }

    async fn open(&self, object: &ReferenceObject) -> Result<Opened, ResolveError> {
        let found = self.0.iter().find(|(name, _)| *name == object.uri.as_str());
        let (_, bytes) = found.ok_or_else(|| ResolveError::NotFound {
            uri: object.uri.clone(),
        })?;
        let chunk = Ok(Bytes::from_static(bytes));
        Ok(Opened::Stream(stream::iter([chunk]).boxed()))
    }
}

fn with_memory(place: &Place, objects: &[(&'static str, &'static [u8])]) -> Client {
    Client::builder()
        .store(place.path("store"))
        .resolver("mem", Arc::new(Memory(objects.to_vec())))
        .open()
        .unwrap()
}

const OBJECTS: &[(&str, &[u8])] = &[
    ("mem:/d/x", b"ex"),
    ("mem:/d/y", b"why"),
    ("mem:/z", b"zet"),
];

#[tokio::test]
async fn a_resolver_of_the_callers_answers_for_its_scheme() {
    let place = Place::empty();
    let client = with_memory(&place, OBJECTS);
    let mut artifact = artifact();
    artifact.add_reference("mem:/d").unwrap();
    artifact.add_reference("MEM:/z").unwrap();
    let saved = client.save(artifact).await.unwrap();
    let manifest = saved.manifest().await.unwrap();
    let references: Vec<_> = manifest
        .iter()
        .map(|(path, entry)| (path.as_str(), entry.reference.as_ref().unwrap().as_str()))
        .collect();
    assert_eq!(
        references,
        [("x", "mem:/d/x"), ("y", "mem:/d/y"), ("z", "mem:/z")]
    );
    assert_eq!(saved.verify_stored().await.unwrap().references, 3);
}

#[tokio::test]
async fn a_size_that_no_store_told_stays_unknown() {
    let place = Place::empty();
    let client = with_memory(&place, OBJECTS);
    let mut artifact = artifact();
    artifact.add_reference("mem:/z").unwrap();
    let saved = client.save(artifact).await.unwrap();
    let manifest = saved.manifest().await.unwrap();
    assert_eq!(manifest.iter().next().unwrap().1.size, None);
    let root = place.path("copy");
    let fetched = saved.download().to(&root).await.unwrap();
    assert_eq!(fetched.placed_files, 1);
    assert_eq!(files_in(&root)["z"], b"zet");
    assert!(saved.verify(&root).await.unwrap().is_ok());
}

#[tokio::test]
async fn bytes_that_were_placed_are_counted_as_they_came() {
    let place = Place::empty();
    let client = with_memory(&place, OBJECTS);
    let mut artifact = artifact();
    artifact.add_reference("mem:/z").unwrap();
    let saved = client.save(artifact).await.unwrap();
    let fetched = saved.download().to(place.path("copy")).await.unwrap();
    assert_eq!((fetched.placed_files, fetched.placed_bytes), (1, 3));
}

#[tokio::test]
async fn what_is_gone_behind_a_reference_is_skipped_only_when_that_is_allowed() {
    let place = Place::empty();
    let client = with_memory(&place, OBJECTS);
    let mut artifact = artifact();
    artifact.add_reference("mem:/d").unwrap();
    client.save(artifact).await.unwrap();

    let client = with_memory(&place, &[("mem:/d/x", b"ex")]);
    let found = client.artifact("a").await.unwrap();
    let root = place.path("copy");
    let error = found.download().to(&root).await.unwrap_err();
    assert!(
        error.to_string().contains("nothing found at mem:/d/y"),
        "{error}"
    );
    let fetched = found
        .download()
        .to(&root)
        .allow_missing_references()
        .await
        .unwrap();
    assert_eq!(fetched.missing_references, ["y".parse().unwrap()]);
    assert_eq!(files_in(&root).keys().collect::<Vec<_>>(), ["x"]);
}

#[tokio::test]
async fn a_prefix_with_one_object_too_many_is_an_error_and_never_cut() {
    let place = Place::empty();
    let client = with_memory(&place, OBJECTS);
    let reference = |max_objects| AddReference {
        max_objects,
        ..AddReference::new("mem:/d".parse().unwrap())
    };
    let mut two = artifact();
    two.add_reference(reference(2)).unwrap();
    assert_eq!(client.preview(two).await.unwrap().manifest.len(), 2);
    let mut one = artifact();
    one.add_reference(reference(1)).unwrap();
    let error = client.preview(one).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "more than 1 objects are under mem:/d; to reference them all, raise the limit (`max_objects`)"
    );
}

#[tokio::test]
async fn a_scheme_that_nobody_knows_is_recorded_under_a_name() {
    let place = Place::empty();
    let client = place.client();
    let named = AddReference {
        name: Some("f".parse().unwrap()),
        ..AddReference::new("nfs://host/f".parse().unwrap())
    };
    let mut fine = artifact();
    fine.add_reference(named).unwrap();
    let saved = client.save(fine).await.unwrap();
    assert_eq!((saved.file_count, saved.size), (1, 0));
    let error = saved.download().to(place.path("copy")).await.unwrap_err();
    assert!(error.to_string().contains("only recorded"), "{error}");

    let mut unnamed = artifact();
    unnamed.add_reference("nfs://host/f").unwrap();
    let error = client.preview(unnamed).await.unwrap_err();
    assert!(
        matches!(error, Error::Flow(FlowError::Unnamed { .. })),
        "{error}"
    );
    assert!(matches!(
        artifact().add_reference("plain/path"),
        Err(Error::Invalid(_))
    ));
}

#[tokio::test]
async fn a_scheme_of_the_official_client_without_a_resolver_is_refused() {
    let place = Place::empty();
    let client = place.client();
    let mut artifact = artifact();
    artifact
        .add_reference("wandb-client-artifact://41/f")
        .unwrap();
    let error = client.save(artifact).await.unwrap_err();
    assert!(error.to_string().contains("no resolver for"), "{error}");
    assert!(client.artifact("a").await.is_err());
}

#[cfg(feature = "file")]
#[tokio::test]
async fn a_referenced_file_that_changed_is_not_handed_out() {
    let place = Place::empty();
    let client = place.client();
    let file = place.write("data/f", "first");
    let mut artifact = artifact();
    artifact
        .add_reference(format!("file://{}", file.display()).as_str())
        .unwrap();
    let saved = client.save(artifact).await.unwrap();
    place.write("data/f", "other");
    let root = place.path("copy");
    let error = saved.download().to(&root).await.unwrap_err();
    assert!(matches!(error, Error::Flow(_)), "{error}");
    assert!(!files_in(&root).contains_key("f"));
}

#[cfg(feature = "file")]
#[tokio::test]
async fn a_file_may_stand_for_a_reference_of_the_same_content() {
    let place = Place::empty();
    let client = place.client();
    let file = place.write("data/f", "same");
    let uri = format!("file://{}", file.display());
    let mut both = artifact();
    both.add_file(&file).unwrap();
    both.add_reference(uri.as_str()).unwrap();
    assert_eq!(client.preview(both).await.unwrap().manifest.len(), 1);
    let other = place.write("other/f", "other");
    let mut conflict = artifact();
    conflict.add_file(&other).unwrap();
    conflict.add_reference(uri.as_str()).unwrap();
    let error = client.preview(conflict).await.unwrap_err();
    assert!(
        matches!(error, Error::Flow(FlowError::Conflict { .. })),
        "{error}"
    );
}
