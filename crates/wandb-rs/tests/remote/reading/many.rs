//! Many versions in one call.

use std::sync::Arc;
use std::sync::Mutex;

use wandb_rs::{Error, FlowError};

use super::log;
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
