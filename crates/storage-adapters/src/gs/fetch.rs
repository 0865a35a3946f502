//! The content of a recorded object.

use artifact_core::ports::{Fetched, ReferenceObject, ResolveError, TransferError};
use futures::TryStreamExt as _;
use reqwest::Response;

use super::api::Api;
use super::uri::GsUri;
use crate::net::{Expected, md5_of_base64};

pub(super) async fn open(api: &Api, object: &ReferenceObject) -> Result<Fetched, ResolveError> {
    let uri = &object.uri;
    let at = recorded(object)?;
    let Some(asked) = at.generation else {
        return open_current(api, at, object).await;
    };
    match api.media(&at, uri).await {
        Ok(response) if header_generation(&response) == Some(asked) => {
            return Ok(fetched(object, response));
        }
        // An emulator gives the current generation whichever is asked for, and may not say so.
        Ok(response) => drop(response),
        Err(ResolveError::NotFound { .. }) => {}
        Err(error) => return Err(error),
    }
    open_current(api, at, object).await
}

/// Finds out whether the recorded content can still be had, by its metadata.
pub(super) async fn check(api: &Api, object: &ReferenceObject) -> Result<(), ResolveError> {
    let mut at = recorded(object)?;
    if let Some(asked) = at.generation {
        match api.metadata(&at, &object.uri).await {
            Ok(found)
                if found.generation.and_then(|found| found.try_into().ok()) == Some(asked) =>
            {
                return Ok(());
            }
            // As an emulator gives, which knows the current generation only.
            Ok(_) | Err(ResolveError::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    current(api, &mut at, object).await
}

/// Returns what was recorded, with the generation that was recorded or that the URI asks for.
fn recorded(object: &ReferenceObject) -> Result<GsUri, ResolveError> {
    let recorded = object.extra.get("versionID").and_then(generation_of);
    let mut at = match recorded {
        Some(_) => GsUri::parse_recorded(&object.uri)?,
        None => GsUri::parse(&object.uri)?,
    };
    at.generation = recorded.or(at.generation);
    Ok(at)
}

/// Opens the current generation, which must have the recorded `etag` where one was recorded.
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

/// Lets `at` be the current generation, which must have the recorded `etag` where one was recorded.
async fn current(api: &Api, at: &mut GsUri, object: &ReferenceObject) -> Result<(), ResolveError> {
    let uri = &object.uri;
    at.generation = None;
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
    at.generation = found.generation.and_then(|number| number.try_into().ok());
    Ok(())
}

/// Reads a generation: a number, or its text, as other programs may write it.
fn generation_of(value: &serde_json::Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn header_generation(response: &Response) -> Option<i64> {
    let value = response.headers().get("x-goog-generation")?;
    value.to_str().ok()?.parse().ok()
}

fn fetched(object: &ReferenceObject, response: Response) -> Fetched {
    let expected = expected(&response);
    let place = object.uri.to_string();
    let failed = {
        let place = place.clone();
        move |error: reqwest::Error| TransferError::Backend {
            place: place.clone(),
            source: Box::new(error.without_url()),
        }
    };
    let content = response.bytes_stream().map_err(failed);
    Fetched::Stream(expected.check(place, content))
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
