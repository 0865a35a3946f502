//! The contract of the registry and transfer ports, over the wire.

use std::sync::Arc;

use artifact_core::ProjectAddress;
use registry_conformance::{Fixture, registry_conformance};

use crate::server::{TestServer, USER};

async fn empty_server() -> Fixture {
    let server = TestServer::start();
    let client = Arc::new(server.client());
    let project = ProjectAddress {
        entity: USER.parse().unwrap(),
        project: "demo".parse().unwrap(),
    };
    Fixture::new(client.clone(), client, project, server)
}

registry_conformance!(empty_server);
