//! Registries of an organization, read again without its server.

use serde_json::Value;

use super::log;
use super::offline::again;
use crate::faults::message::Message;
use crate::faults::proxy::{Action, Asked, Proxy};
use crate::push::Place;
use crate::server::{TestServer, USER};

/// Calls the organizations of an answer `Acme Inc`; what they own stays what it is.
fn rename(answer: &mut Message) {
    let mut told: Value = serde_json::from_slice(&answer.body).unwrap();
    let entity = &mut told["data"]["entity"];
    for organization in ["/organization", "/user/organizations/0"] {
        if let Some(name) = entity.pointer_mut(&format!("{organization}/name")) {
            *name = "Acme Inc".into();
        }
    }
    answer.body = told.to_string().into_bytes();
}

#[tokio::test]
async fn a_version_of_a_registry_is_got_again_with_the_server_down() {
    const OF_ACME: &str = "Acme Inc/wandb-registry-model/best";
    let place = Place::new();
    let server = TestServer::start();
    let plan = |asked: &Asked| match asked.step.as_str() {
        "FetchOrgInfoFromEntity" => Action::Change(Box::new(rename)),
        _ => Action::Pass,
    };
    let proxy = Proxy::start(server.address(), plan).await;
    let first = again(&place, &proxy.url()).entity(USER.parse().unwrap());
    let first = first.open().unwrap();
    let logged = log(&place, &first, "words", &[("a.txt", b"hello")]).await;
    logged.link("wandb-registry-model/best", &[]).await.unwrap();
    for address in [OF_ACME, "wandb-registry-model/best:v0"] {
        let found = first.artifact(address).await.unwrap();
        assert_eq!(
            found.to_string(),
            format!("{USER}/wandb-registry-model/best:v0")
        );
        found.download().to(place.path("first")).await.unwrap();
    }
    let url = proxy.url();
    drop((first, proxy, server));

    let of_acme = format!("{OF_ACME}:v0");
    let online = again(&place, &url).entity(USER.parse().unwrap());
    let online = online.open().unwrap();
    for address in [&*of_acme, "wandb-registry-model/best:v0"] {
        let found = online.pinned(address).await.unwrap();
        assert_eq!(found.read("a.txt").await.unwrap(), b"hello");
    }
    // Aliases and other organizations are as they were told last, too, where nobody may be asked.
    let offline = again(&place, &url).entity(USER.parse().unwrap());
    let offline = offline.offline().open().unwrap();
    for address in [OF_ACME, "wandb-registry-model/best"] {
        let found = offline.artifact(address).await.unwrap();
        assert_eq!(found.read("a.txt").await.unwrap(), b"hello");
    }
    let nobody = offline.artifact("Nobody Inc/wandb-registry-model/best:v0");
    assert!(nobody.await.is_err());
}
