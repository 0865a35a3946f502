//! References to entries of other artifacts.

use std::sync::Arc;

use wandb_rs::{
    Artifact, DigestAlgorithm, EntryDigest, Error, FlowError, ReferenceUri, ResolveError,
};

use super::{Place, log, read, refer};

/// Returns the URI that one entry of an artifact refers to.
async fn target(artifact: &wandb_rs::LoggedArtifact, path: &str) -> String {
    let entry = artifact.entry(path).await.unwrap();
    entry.ref_target().unwrap().as_str().to_owned()
}

#[tokio::test]
async fn an_entry_of_another_artifact_is_recorded_as_by_the_official_client_and_comes_from_there() {
    for place in Place::each() {
        let client = place.client();
        let data = log(&client, "data", &[("d/h.txt", b"hello\n"), ("empty", b"")]).await;
        let mut subset = Artifact::new("subset", "dataset").unwrap();
        subset
            .add_reference(data.entry("d/h.txt").await.unwrap())
            .unwrap();
        subset
            .add_reference(data.entry("empty").await.unwrap())
            .unwrap();
        let subset = client.save(subset).await.unwrap();
        let entry = subset.entry("h.txt").await.unwrap();
        assert_eq!(entry.digest.to_string(), "sZRqySSS0jR8YjW00mERhA==");
        assert_eq!(
            (entry.size, entry.extra.len(), subset.size),
            (None, 0, 0),
            "the official client says 0"
        );
        assert_eq!(
            target(&subset, "h.txt").await,
            data.entry("d/h.txt").await.unwrap().ref_url()
        );
        let root = place.path("copy");
        let fetched = subset.download().to(&root).await.unwrap();
        assert_eq!(fetched.placed_files, 2);
        assert_eq!(read(&root, "h.txt"), b"hello\n");
        assert_eq!(read(&root, "empty"), b"");
        let again = subset.download().to(&root).await.unwrap();
        assert!(subset.verify(&root).await.unwrap().is_ok(), "{again:?}");
    }
}

#[tokio::test]
async fn references_to_references_are_recorded_as_the_entry_that_they_lead_to() {
    for place in Place::each() {
        let client = place.client();
        let first = log(&client, "first", &[("a.txt", b"a\n")]).await;
        let first_url = first.entry("a.txt").await.unwrap().ref_url();
        let second = refer(&client, "second", &[("b.txt", &first_url)])
            .await
            .unwrap();
        let second_url = second.entry("b.txt").await.unwrap().ref_url();
        assert_ne!(first_url, second_url);
        let third = refer(&client, "third", &[("deep/c.txt", &second_url)])
            .await
            .unwrap();
        assert_eq!(target(&third, "deep/c.txt").await, first_url);
        let root = place.path("copy");
        third.download().to(&root).await.unwrap();
        assert_eq!(read(&root, "deep/c.txt"), b"a\n");
    }
}

#[tokio::test]
async fn an_entry_that_refers_to_a_file_is_followed_where_that_is_allowed() {
    for place in Place::each() {
        let client = place.client();
        let file = place.write("elsewhere/f.txt", "there\n");
        let uri = format!("file://{}", file.display());
        let outside = refer(&client, "outside", &[("f.txt", &uri)]).await.unwrap();
        let url = outside.entry("f.txt").await.unwrap().ref_url();
        let inside = refer(&client, "inside", &[("g.txt", &url)]).await.unwrap();
        // The entry in the other artifact, not what it refers to.
        assert_eq!(target(&inside, "g.txt").await, url);
        let root = place.path("copy");
        if place.server.is_some() {
            let error = inside.download().to(&root).await.unwrap_err();
            assert!(
                matches!(
                    &error,
                    Error::Flow(FlowError::Reference(ResolveError::Denied { uri, .. }))
                        if uri.scheme().as_str() == "file"
                ),
                "{error:?}"
            );
            assert!(!root.join("g.txt").exists());
            let checked = inside.check_references(false).await.unwrap();
            assert!(checked.has_failures(), "{checked:?}");
        }
        let download = inside.download().to(&root).allow_local_references();
        download.await.unwrap();
        assert_eq!(read(&root, "g.txt"), b"there\n");
        assert!(!inside.check_references(true).await.unwrap().has_failures());
    }
}

#[tokio::test]
async fn an_entry_with_another_hash_function_is_verified_by_that_one() {
    for place in Place::each() {
        let client = place.client();
        let mut data = Artifact::new("data", "dataset")
            .unwrap()
            .digest_algorithm(DigestAlgorithm::Xxh128);
        data.new_file("a.txt", |file| std::io::Write::write_all(file, b"hello\n"))
            .unwrap();
        let data = client.save(data).await.unwrap();
        let url = data.entry("a.txt").await.unwrap().ref_url();
        let subset = refer(&client, "subset", &[("a.txt", &url)]).await.unwrap();
        let entry = subset.entry("a.txt").await.unwrap();
        assert_eq!(entry.digest.to_string(), "a7qGx+Bp9W1aELQ18cjknA==");
        let EntryDigest::Content(digest) = &entry.digest else {
            panic!("{entry:?}");
        };
        assert_eq!(digest.algorithm(), DigestAlgorithm::Xxh128);
        let root = place.path("copy");
        subset.download().to(&root).await.unwrap();
        assert_eq!(read(&root, "a.txt"), b"hello\n");
    }
}

#[tokio::test]
async fn what_is_no_entry_is_not_recorded() {
    for place in Place::each() {
        let client = place.client();
        let data = log(&client, "data", &[("a.txt", b"a\n")]).await;
        let url = data.entry("a.txt").await.unwrap().ref_url();
        let version = url.strip_suffix("/a.txt").unwrap();
        let missing = data.entry("b.txt").await.unwrap_err();
        assert_eq!(missing.to_string(), format!("{data} has no entry b.txt"));
        for (uri, said) in [
            (format!("{version}/b.txt"), "nothing found at"),
            ("wandb-artifact://e/p/n:v0".to_owned(), "not lower-case hex"),
            (
                "wandb-artifact://41/a.txt".to_owned(),
                "wandb-artifact://41/a.txt",
            ),
        ] {
            let error = refer(&client, "subset", &[("x", &uri)]).await.unwrap_err();
            assert!(error.to_string().contains(said), "{error}");
        }
        assert!(client.artifact("subset").await.is_err());
    }
}

#[tokio::test]
async fn an_entry_of_the_callers_own_scheme_is_reached_through_another_artifact() {
    use futures::StreamExt as _;
    use wandb_rs::{ReferenceObject, ReferenceResolver};

    /// One object, whose content is its URI.
    #[derive(Debug)]
    struct Echo;

    #[async_trait::async_trait]
    impl ReferenceResolver for Echo {
        fn resolve(
            &self,
            uri: &ReferenceUri,
            _checksum: bool,
        ) -> futures::stream::BoxStream<'static, Result<ReferenceObject, ResolveError>> {
            let object = ReferenceObject {
                uri: uri.clone(),
                relative_path: "echo".to_owned(),
                digest: EntryDigest::Opaque("tag".into()),
                size: None,
                extra: serde_json::Map::new(),
            };
            futures::stream::iter([Ok(object)]).boxed()
        }

        async fn open(
            &self,
            object: &ReferenceObject,
        ) -> Result<artifact_core::ports::Fetched, ResolveError> {
            let chunk = bytes::Bytes::from(object.uri.as_str().to_owned());
            let content = futures::stream::iter([Ok(chunk)]).boxed();
            Ok(artifact_core::ports::Fetched::Stream(content))
        }
    }

    for place in Place::each() {
        let client = place.builder().resolver("echo", Arc::new(Echo));
        let client = client.open().unwrap();
        let outside = refer(&client, "outside", &[("e", "echo:hello")]).await;
        let url = outside.unwrap().entry("e").await.unwrap().ref_url();
        let inside = refer(&client, "inside", &[("f", &url)]).await.unwrap();
        let root = place.path("copy");
        inside.download().to(&root).await.unwrap();
        assert_eq!(read(&root, "f"), b"echo:hello");
    }
}
