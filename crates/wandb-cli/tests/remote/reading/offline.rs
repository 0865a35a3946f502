//! Reading without a server what was read before.

use std::fs;
use std::path::{Path, PathBuf};

use wandb_rs::{Client, ClientBuilder, Error, FlowError, Mode};

use super::log;
use crate::push::Place;
use crate::server::{KEY, TestServer, USER};

/// Returns how a client goes to a URL, in a process of its own that shares the cache.
pub(super) fn again(place: &Place, url: &str) -> ClientBuilder {
    Client::builder()
        .settings(place.settings())
        .base_url(url.parse().unwrap())
        .api_key(KEY.parse().unwrap())
        .mode(Mode::Online)
}

/// Returns the files that remember versions.
fn remembered(place: &Place) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![place.path("cache/wandb-rs-versions")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder)
            .into_iter()
            .flatten()
            .map(|it| it.unwrap().path())
        {
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found
}

/// Logs an artifact, gets it by its newest alias, and takes the server away.
async fn gone(place: &Place) -> (String, String) {
    let server = TestServer::start();
    let client = place.remote(&server);
    log(
        place,
        &client,
        "words",
        &[("a.txt", b"hello"), ("d/b.txt", b"there")],
    )
    .await;
    let address = format!("{USER}/demo/words");
    let found = client
        .artifact(&*format!("{address}:latest"))
        .await
        .unwrap();
    assert_eq!(found.recorded_at(), None);
    found.download().to(place.path("first")).await.unwrap();
    (server.url(), address)
}

#[tokio::test]
async fn a_version_by_its_index_is_got_again_with_the_server_down() {
    let place = Place::new();
    let (url, address) = gone(&place).await;
    let client = again(&place, &url).open().unwrap();
    let found = client.pinned(&*format!("{address}:v0")).await.unwrap();
    assert!(found.recorded_at().is_some());
    let fetched = found.download().to(place.path("second")).await.unwrap();
    assert_eq!(fetched.placed_files, 2);
    assert_eq!(fs::read(place.path("second/d/b.txt")).unwrap(), b"there");
    assert_eq!(found.read("a.txt").await.unwrap(), b"hello");
    let many = client
        .download_all([format!("{address}:v0").as_str()])
        .unwrap();
    let many = many.to(place.path("many")).await.unwrap();
    assert_eq!(many[0].as_ref().unwrap().fetched.placed_files, 2);
}

#[tokio::test]
async fn an_alias_means_what_it_meant_last_and_that_is_said() {
    let place = Place::new();
    let (url, address) = gone(&place).await;
    // Without credentials: nobody is asked.
    let settings = place.settings().with_base_url(url.parse().unwrap());
    let builder = Client::builder().settings(settings).offline();
    let client = builder.open().unwrap();
    let latest = client
        .artifact(&*format!("{address}:latest"))
        .await
        .unwrap();
    assert_eq!(latest.version.to_string(), "v0");
    assert!(latest.recorded_at().is_some());
    latest.download().to(place.path("second")).await.unwrap();
    for unknown in [
        format!("{address}:v1"),
        format!("{address}:best"),
        format!("{USER}/demo/x:v0"),
    ] {
        let error = client.artifact(&*unknown).await.unwrap_err();
        assert!(
            matches!(&error, Error::Flow(FlowError::NotCached { .. })),
            "{error:?}"
        );
        assert!(error.to_string().contains(&unknown), "{error}");
        assert!(error.hint().is_some());
    }
    let error = client.artifact("words:v0").await.unwrap_err();
    assert!(error.to_string().contains("names no entity"), "{error}");
}

#[tokio::test]
async fn content_that_the_cache_lost_is_named() {
    let place = Place::new();
    let (url, address) = gone(&place).await;
    let client = again(&place, &url).offline().open().unwrap();
    let found = client.artifact(&*format!("{address}:v0")).await.unwrap();
    // The manifest first, which lies beside the content.
    found.manifest().await.unwrap();
    let is_content = |path: &Path| fs::read(path).is_ok_and(|content| content == b"hello");
    remove(&place.path("cache/artifacts"), &is_content);
    let error = found.download().to(place.path("second")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the content of a.txt is not in the cache, and {url} is not asked: this client is offline"
        )
    );
    assert!(!place.path("second/a.txt").exists());
}

fn remove(folder: &Path, is_it: &dyn Fn(&Path) -> bool) {
    for path in fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()) {
        if path.is_dir() {
            remove(&path, is_it);
        } else if is_it(&path) {
            fs::remove_file(path).unwrap();
        }
    }
}

#[tokio::test]
async fn whatever_is_wrong_with_what_is_remembered_is_a_miss_and_never_believed() {
    let place = Place::new();
    let (url, address) = gone(&place).await;
    let client = again(&place, &url).offline().open().unwrap();
    let address = format!("{address}:v0");
    let files = remembered(&place);
    // The version, and what its two addresses mean.
    assert_eq!(files.len(), 3);
    for file in &files {
        let whole = fs::read(file).unwrap();
        for at in [0, whole.len() / 2, whole.len() - 1] {
            let mut wrong = whole.clone();
            wrong[at] ^= 1;
            fs::write(file, wrong).unwrap();
            if let Ok(found) = client.artifact(&*address).await {
                assert_eq!(found.digest.to_string().len(), 32);
                assert_eq!(found.read("a.txt").await.unwrap(), b"hello");
            }
        }
        fs::write(file, &whole[..whole.len() / 3]).unwrap();
        _ = client.artifact(&*address).await;
        fs::write(file, whole).unwrap();
    }
    // What is remembered of the one is nothing of the other.
    for (one, other) in [(0, 1), (1, 2), (2, 0)] {
        let whole = fs::read(&files[one]).unwrap();
        fs::copy(&files[other], &files[one]).unwrap();
        _ = client
            .artifact(&*address)
            .await
            .map(|found| assert_eq!(found.version.to_string(), "v0"));
        fs::write(&files[one], whole).unwrap();
    }
    client
        .artifact(&*address)
        .await
        .unwrap()
        .read("a.txt")
        .await
        .unwrap();
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_somebody_else_remembers_is_not_believed() {
    let place = Place::new();
    let (url, address) = gone(&place).await;
    for file in remembered(&place) {
        // Only root may give files away.
        if std::os::unix::fs::chown(&file, Some(65_534), None).is_err() {
            return;
        }
    }
    let client = again(&place, &url).offline().open().unwrap();
    let error = client
        .artifact(&*format!("{address}:v0"))
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::Flow(FlowError::NotCached { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_version_that_the_server_does_not_have_any_more_is_forgotten() {
    let place = Place::new();
    let (_, address) = gone(&place).await;
    // Another server, which happens to be remembered: the folder of the first is taken for its own.
    let server = TestServer::start();
    let client = place.remote(&server);
    let versions = place.path("cache/wandb-rs-versions");
    let known = fs::read_dir(&versions)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    log(&place, &client, "other", &[("x", b"x")])
        .await
        .download()
        .to(place.path("x"))
        .await
        .unwrap();
    let mut folders = fs::read_dir(&versions)
        .unwrap()
        .map(|it| it.unwrap().path());
    let own = folders.find(|path| *path != known).unwrap();
    fs::remove_dir_all(&own).unwrap();
    fs::rename(&known, &own).unwrap();

    let address = format!("{address}:v0");
    assert!(client.pinned(&*address).await.is_ok());
    assert!(client.artifact(&*address).await.is_err());
    assert!(client.pinned(&*address).await.is_err());
}
