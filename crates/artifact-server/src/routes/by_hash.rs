//! `GET /artifactsV2/…` and `GET /artifacts/…`: content of a version by its hash, for whoever shows a key. Source:
//! sections 7.1 and 7.2 of the wire protocol.

use std::sync::Arc;

use artifact_core::EntityName;
use artifact_core::records::ArtifactId;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;

use super::content::respond;
use crate::auth::Authenticated;
use crate::error::ErrorResponse;
use crate::state::{ServerState, blocking};

/// Which content is wanted of which version.
struct ContentPath<'p> {
    artifact: &'p str,
    hash: &'p str,
    name: &'p str,
}

impl<'p> ContentPath<'p> {
    /// Reads `region/entity/project/collection/artifact/birth/hash/name`, or the older form without the artifact: there
    /// the version that stored the content first is named.
    fn parse(path: &'p str) -> Option<Self> {
        let segments: Vec<_> = path.split('/').collect();
        let (artifact, hash, name) = match segments[..] {
            [_, _, _, _, artifact, _, hash, name] => (artifact, hash, name),
            [_, _, _, _, birth, hash, name] => (birth, hash, name),
            _ => return None,
        };
        Some(Self {
            artifact,
            hash,
            name,
        })
    }
}

/// Sends the content.
pub(super) async fn get(
    State(state): State<Arc<ServerState>>,
    path: Result<Path<String>, PathRejection>,
    authenticated: Authenticated,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ErrorResponse> {
    let Path(path) = path?;
    let missing = || ErrorResponse::not_found("no artifact has this content");
    let wanted = ContentPath::parse(&path).ok_or_else(missing)?;
    let id = ArtifactId(wanted.artifact.to_owned());
    let hash = wanted.hash.to_owned();
    let found = blocking(move || authenticated.service.content_with_hash(&id, &hash)).await??;
    let ticket = found.ok_or_else(missing)?;
    respond(&state, ticket, wanted.name, &method, &headers).await
}

/// Sends content that only an entity and a hash name, which is all that the oldest manifests know of it.
pub(super) async fn get_of_entity(
    State(state): State<Arc<ServerState>>,
    path: Result<Path<(String, String)>, PathRejection>,
    authenticated: Authenticated,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ErrorResponse> {
    let Path((entity, hash)) = path?;
    let missing = || ErrorResponse::not_found("no artifact of this entity has this content");
    let entity: EntityName = entity.parse().map_err(|_| missing())?;
    let service = authenticated.service;
    let found = blocking(move || service.content_of_entity(&entity, &hash)).await??;
    respond(&state, found.ok_or_else(missing)?, "", &method, &headers).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let read = |path| ContentPath::parse(path).map(|w| (w.artifact, w.hash, w.name));
        assert_eq!(
            read("default/e/p/c/A/B/ff/x.txt"),
            Some(("A", "ff", "x.txt"))
        );
        assert_eq!(
            read("default/e/p/c/A//ff/x.txt"),
            Some(("A", "ff", "x.txt"))
        );
        assert_eq!(read("default/e/p/c/B/ff/x.txt"), Some(("B", "ff", "x.txt")));
        assert_eq!(read("default/e/p"), None);
    }
}
