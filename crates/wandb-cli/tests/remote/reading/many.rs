//! Many versions in one call.

use std::sync::Arc;
use std::sync::Mutex;

use wandb_rs::{Error, FlowError};

use super::log;
use crate::faults::message::Message;
use crate::faults::proxy::{Action, Proxy};
use crate::push::Place;
use crate::server::{TestServer, USER};

#[tokio::test]
async fn each_goes_to_a_folder_of_its_own_and_they_are_asked_for_together() {
    let place = Place::new();
    let server = TestServer::start();
    let client = place.remote(&server);
    let mut addresses = Vec::new();
    for number in 0..20 {
        let name = format!("set-{number}");
        log(
            &place,
            &client,
            &name,
            &[("a", name.as_bytes()), ("same", b"same")],
        )
        .await;
        addresses.push(format!("{USER}/demo/{name}:v0"));
    }
    addresses.push(format!("{USER}/demo/none:v0"));
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noting = Arc::clone(&seen);
    let proxy = Proxy::start(server.address(), move |asked| {
        noting.lock().unwrap().push(asked.step.clone());
        Action::Pass
    })
    .await;
    let other = Place::new();
    let builder = other.remote_builder(&server);
    let client = builder
        .base_url(proxy.url().parse().unwrap())
        .open()
        .unwrap();
    let all = client
        .download_all(addresses.iter().map(String::as_str))
        .unwrap();
    let all = all.to(other.path("data")).exclude("same").await.unwrap();
    for (number, downloaded) in all[..20].iter().enumerate() {
        let downloaded = downloaded.as_ref().unwrap();
        let name = format!("set-{number}");
        assert_eq!(downloaded.artifact.name.as_str(), name);
        let root = other.path(&format!("data/{name}:v0"));
        assert_eq!(downloaded.fetched.root, root);
        assert_eq!(std::fs::read_to_string(root.join("a")).unwrap(), name);
        assert!(!root.join("same").exists());
    }
    assert!(!other.path("data/.wandb-rs-tmp").exists());
    let error = all[20].as_ref().unwrap_err();
    assert!(matches!(error, Error::Registry(_)), "{error:?}");
    let count = |step: &str| {
        seen.lock()
            .unwrap()
            .iter()
            .filter(|it| **it == step)
            .count()
    };
    assert_eq!(count("ArtifactMembershipByName"), 1);
    assert_eq!(count("FetchArtifactManifest"), 1);
    // As many as came before the answer to the first are asked for together.
    let asked = count("ArtifactFileURLsByManifestEntries");
    assert!(asked < 10, "{asked}");
}

#[tokio::test]
async fn a_server_that_takes_no_aliases_is_asked_one_by_one() {
    let place = Place::new();
    let server = TestServer::start();
    let client = place.remote(&server);
    let mut addresses = Vec::new();
    for name in ["one", "two", "three"] {
        log(&place, &client, name, &[("a", name.as_bytes())]).await;
        addresses.push(format!("{USER}/demo/{name}:v0"));
    }
    let refused = Arc::new(Mutex::new(0));
    let counting = Arc::clone(&refused);
    let proxy = Proxy::start(server.address(), move |asked| {
        if !asked.is_of_many {
            return Action::Pass;
        }
        *counting.lock().unwrap() += 1;
        let body = r#"{"data":null,"errors":[{"message":"no aliases here"}]}"#;
        let headers = [("content-type", "application/json")];
        Action::Answer(Message::answer(200, &headers, body))
    })
    .await;
    let other = Place::new();
    let builder = other.remote_builder(&server);
    let client = builder
        .base_url(proxy.url().parse().unwrap())
        .open()
        .unwrap();
    let all = client
        .download_all(addresses.iter().map(String::as_str))
        .unwrap();
    for downloaded in all.to(other.path("data")).await.unwrap() {
        let downloaded = downloaded.unwrap();
        let name = downloaded.artifact.name.as_str().to_owned();
        let file = downloaded.fetched.root.join("a");
        assert_eq!(std::fs::read_to_string(file).unwrap(), name);
    }
    // Of versions, of manifests, and of files as far as they came together.
    assert!(2 <= *refused.lock().unwrap());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_folder_on_another_file_system_gets_its_files_too() {
    let place = Place::new();
    let server = TestServer::start();
    let client = place.remote(&server);
    let mut addresses = Vec::new();
    for name in ["near", "far"] {
        log(&place, &client, name, &[("a", name.as_bytes())]).await;
        addresses.push(format!("{USER}/demo/{name}:v0"));
    }
    let memory = tempfile::tempdir_in("/dev/shm").unwrap();
    std::fs::create_dir(place.path("got")).unwrap();
    std::os::unix::fs::symlink(memory.path(), place.path("got/far:v0")).unwrap();
    let all = client
        .download_all(addresses.iter().map(String::as_str))
        .unwrap();
    for downloaded in all.to(place.path("got")).await.unwrap() {
        downloaded.unwrap();
    }
    let read = |path: &str| std::fs::read_to_string(place.path(path)).unwrap();
    assert_eq!(read("got/near:v0/a"), "near");
    assert_eq!(read("got/far:v0/a"), "far");
    assert!(memory.path().join("a").exists());
    assert!(!place.path("got/.wandb-rs-tmp").exists());
}

#[tokio::test]
async fn two_versions_into_one_folder_are_refused_before_anything_is_moved() {
    let place = Place::new();
    let server = TestServer::start();
    let client = place.remote(&server);
    let logged = log(&place, &client, "one", &[("a", b"a")]).await;
    let address = logged.to_string();
    let latest = format!("{USER}/demo/one:latest");
    let all = client.download_all([&*address, &*latest]).unwrap();
    let error = all.to(place.path("got")).await.unwrap_err();
    assert!(
        matches!(&error, Error::Flow(FlowError::SameRoot { .. })),
        "{error:?}"
    );
    assert!(!place.path("got").exists());
}
