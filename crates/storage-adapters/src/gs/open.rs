//! The content of a recorded object.

use artifact_core::ports::{Fetched, ReferenceObject, ResolveError};
use reqwest::Response;

use super::client::Api;
use super::uri::{self, GsUri};
use crate::net::{Expected, md5_of_base64};

pub(super) async fn open(api: &Api, object: &ReferenceObject) -> Result<Fetched, ResolveError> {
    let uri = &object.uri;
    let at = recorded(object)?;
    let Some(asked) = at.version else {
        return open_current(api, at, object).await;
    };
    match api.media(&at, uri).await {
        Ok(response) if header_generation(&response) == Some(asked) => {
            return Ok(fetched(object, response));
        }
        // An emulator returns the current generation whichever is requested, and may not say so.
        Ok(response) => drop(response),
        Err(ResolveError::NotFound { .. }) => {}
        Err(error) => return Err(error),
    }
    open_current(api, at, object).await
}

/// Checks by metadata whether the recorded content still exists.
pub(super) async fn check(api: &Api, object: &ReferenceObject) -> Result<(), ResolveError> {
    let mut at = recorded(object)?;
    if let Some(asked) = at.version {
        match api.metadata(&at, &object.uri).await {
            Ok(found)
                if found.generation.and_then(|found| found.try_into().ok()) == Some(asked) =>
            {
                return Ok(());
            }
            // From an emulator that has the current generation only.
            Ok(_) | Err(ResolveError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    current(api, &mut at, object).await
}

/// Returns the parts of the recorded URI, with the recorded generation or that in the URI.
fn recorded(object: &ReferenceObject) -> Result<GsUri, ResolveError> {
    let recorded = object.extra.get("versionID").and_then(generation_of);
    let mut at = match recorded {
        Some(_) => uri::parse_recorded(&object.uri)?,
        None => uri::parse(&object.uri)?,
    };
    at.version = recorded.or(at.version);
    Ok(at)
}

/// Opens the current generation, which must have the recorded `etag` if there is one.
async fn open_current(
    api: &Api,
    mut at: GsUri,
    object: &ReferenceObject,
) -> Result<Fetched, ResolveError> {
    current(api, &mut at, object).await?;
    match api.media(&at, &object.uri).await {
        Ok(response) => Ok(fetched(object, response)),
        Err(error) => Err(error),
    }
}

/// Sets `at` to the current generation, which must have the recorded `etag` if there is one.
async fn current(api: &Api, at: &mut GsUri, object: &ReferenceObject) -> Result<(), ResolveError> {
    let uri = &object.uri;
    at.version = None;
    let found = api.metadata(at, uri).await?;
    let recorded = object.digest.to_string();
    let etag = found.etag.unwrap_or_default();
    if recorded != uri.as_str() && recorded != etag {
        return Err(ResolveError::Changed {
            uri: uri.clone(),
            recorded,
            found: etag,
        });
    }
    at.version = found.generation.and_then(|number| number.try_into().ok());
    Ok(())
}

/// Parses a generation: a number, or its text, as other programs may write it.
fn generation_of(value: &serde_json::Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn header_generation(response: &Response) -> Option<i64> {
    let value = response.headers().get("x-goog-generation")?;
    value.to_str().ok()?.parse().ok()
}

fn fetched(object: &ReferenceObject, response: Response) -> Fetched {
    expected(&response).stream(object, response)
}

/// Returns the digests in `x-goog-hash`: `crc32c=…` and `md5=…`, in one header or in two.
fn expected(response: &Response) -> Expected {
    let mut expected = Expected {
        length: response.content_length(),
        ..Expected::default()
    };
    for value in response.headers().get_all("x-goog-hash") {
        for digest in value.to_str().unwrap_or_default().split(',') {
            match digest.trim().split_once('=') {
                Some(("md5", text)) => expected.md5 = md5_of_base64(text),
                Some(("crc32c", text)) => expected.crc32c = crc32c_of_base64(text),
                _ => {}
            }
        }
    }
    expected
}

fn crc32c_of_base64(text: &str) -> Option<u32> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(text)
        .ok()?;
    Some(u32::from_be_bytes(bytes.try_into().ok()?))
}
