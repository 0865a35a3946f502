//! What this server can do.

use async_graphql::SimpleObject;
use serde_json::json;

use crate::graphql::scalars::Json;

/// The features that clients ask for by name and this server has. Source: section 2.2 of the wire protocol; those that
/// only older clients read are there too.
const FEATURES: &[&str] = &[
    "ARTIFACT_TAGS",
    "CLIENT_IDS",
    "ARTIFACT_COLLECTION_MEMBERSHIP_FILES",
    "ARTIFACT_COLLECTION_MEMBERSHIP_FILE_DOWNLOAD_HANDLER",
    "USE_ARTIFACT_WITH_ENTITY_AND_PROJECT_INFORMATION",
    "PROJECT_ARTIFACT_COLLECTION_MEMBERSHIP",
    "ARTIFACT_MEMBERSHIP_IN_LINK_ARTIFACT_RESPONSE",
    "TOTAL_COUNT_IN_FILE_CONNECTION",
    "ARTIFACT_COLLECTIONS_FILTERING_SORTING",
    "LARGE_FILENAMES",
    "ARTIFACT_V2_DOWNLOAD_HANDLER_SUPPORTS_ARTIFACT_ID",
    "MARK_RUN_FILES_UPLOADED",
    "FILESTREAM_GZIP",
    "ARTIFACT_DIGEST_ALGORITHM",
];

/// The versions of the official client that this server is tested with. Older ones read what it can do from the newest.
const OLDEST_CLIENT: &str = "0.24.1";
const NEWEST_CLIENT: &str = "0.31.0";

/// What this server is and can do.
#[derive(SimpleObject)]
pub(crate) struct ServerInfo {
    features: Vec<ServerFeature>,
    latest_local_version_info: Option<LocalVersionInfo>,
    cli_version_info: Option<Json>,
}

/// A feature, by the name that clients know.
#[derive(SimpleObject)]
pub(crate) struct ServerFeature {
    name: &'static str,
    is_enabled: bool,
}

/// What older clients ask of a private server; there is never anything to say.
#[derive(SimpleObject)]
pub(crate) struct LocalVersionInfo {
    out_of_date: bool,
    latest_version_string: String,
    version_on_this_instance_string: String,
}

impl ServerInfo {
    /// Returns what this server says of itself.
    pub(crate) fn new() -> Self {
        let features = FEATURES.iter().map(|&name| ServerFeature {
            name,
            is_enabled: true,
        });
        Self {
            features: features.collect(),
            latest_local_version_info: None,
            cli_version_info: Some(Json(json!({
                "min_cli_version": OLDEST_CLIENT,
                "max_cli_version": NEWEST_CLIENT,
            }))),
        }
    }
}
