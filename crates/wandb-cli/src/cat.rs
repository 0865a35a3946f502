//! `wandb-rs artifact cat`: writes one file of a version to standard output.

use std::io::Write as _;
use std::ops::Range;
use std::str::FromStr;

use serde::Serialize;
use wandb_rs::FlowError;

use super::args::CatArgs;
use super::{Exit, Failure, Printer, reading};
use wandb_rs::{ClientBuilder, Error, LoggedArtifact, Settings};

/// The size of reads within a range, in bytes.
const PIECE: u64 = 8 << 20;

/// Bytes as a request of HTTP names them: the end counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ByteRange {
    /// From the first to the second.
    Between(u64, u64),
    /// From here to the end.
    From(u64),
    /// So many at the end.
    Last(u64),
}

impl FromStr for ByteRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = || format!("{text:?} is no range; write `0-99`, `100-` or `-100`");
        let number = |text: &str| text.parse::<u64>().map_err(|_| bad());
        let (first, last) = text.split_once('-').ok_or_else(bad)?;
        match (first, last) {
            ("", "") => Err(bad()),
            ("", count) => Ok(Self::Last(number(count)?)),
            (first, "") => Ok(Self::From(number(first)?)),
            (first, last) => {
                let (first, last) = (number(first)?, number(last)?);
                if last < first || last == u64::MAX {
                    return Err(bad());
                }
                Ok(Self::Between(first, last))
            }
        }
    }
}

impl ByteRange {
    /// Returns the bytes that are meant, of so many.
    fn of(self, size: u64) -> Range<u64> {
        match self {
            Self::Between(first, last) => first..last + 1,
            Self::From(first) => first..size.max(first),
            Self::Last(count) => size.saturating_sub(count)..size,
        }
    }
}

/// The output of `cat --json`: all but the content.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    /// Address that will always mean this version.
    address: String,
    path: String,
    digest: String,
    /// Its length in bytes, where that is known.
    size: Option<u64>,
    /// A local file that holds it, verified; it must not be written to.
    file: String,
}

pub(super) async fn run(
    args: CatArgs,
    builder: ClientBuilder,
    settings: &Settings,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let addresses = [args.address];
    let client = reading::client(builder, settings, args.offline, &addresses, printer).await?;
    let [address] = addresses;
    let artifact = client.pinned(address.clone()).await?;
    reading::note_age(&address, &artifact, printer);
    if printer.is_json() {
        let entry = artifact.entry(&args.path).await?;
        let file = artifact.cached_file(&args.path).await?;
        let answer = Answer {
            address: artifact.to_string(),
            path: entry.path().to_string(),
            digest: entry.digest.to_string(),
            size: entry.size,
            file: file.path().display().to_string(),
        };
        printer.answer(&answer, String::new);
        return Ok(Exit::Done);
    }
    match args.range {
        None => whole(&artifact, &args.path).await,
        Some(range) => part(&artifact, &args.path, range).await,
    }
}

async fn whole(artifact: &LoggedArtifact, path: &str) -> Result<Exit, Failure> {
    use futures::StreamExt as _;
    let mut chunks = artifact.open(path).await?;
    while let Some(chunk) = chunks.next().await {
        if !is_taken(&chunk.map_err(failed)?) {
            break;
        }
    }
    Ok(Exit::Done)
}

async fn part(artifact: &LoggedArtifact, path: &str, range: ByteRange) -> Result<Exit, Failure> {
    let entry = artifact.entry(path).await?;
    let Some(size) = entry.size else {
        return Err(Failure::new(
            format!("the size of {path} is unknown"),
            "leave out `--range`",
        ));
    };
    let wanted = range.of(size);
    if size < wanted.end || size < wanted.start {
        let error = FlowError::Range {
            path: entry.path().clone(),
            start: wanted.start,
            end: wanted.end,
            size,
        };
        return Err(Error::from(error).into());
    }
    let mut at = wanted.start;
    while at < wanted.end {
        let end = wanted.end.min(at + PIECE);
        if !is_taken(&artifact.read_range(path, at..end).await?) {
            break;
        }
        at = end;
    }
    Ok(Exit::Done)
}

/// Returns the error that ended a stream of content.
fn failed(error: std::io::Error) -> Failure {
    match error.downcast::<FlowError>() {
        Ok(error) => Error::from(error).into(),
        Err(error) => Failure::new(error.to_string(), "try again"),
    }
}

/// Writes to standard output; a closed pipe means that the reader is done.
fn is_taken(bytes: &[u8]) -> bool {
    let mut out = std::io::stdout();
    out.write_all(bytes).and_then(|()| out.flush()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::ByteRange;

    #[test]
    fn ranges_are_those_of_http() {
        for (text, expected) in [
            ("0-99", 0..100),
            ("5-5", 5..6),
            ("100-", 100..250),
            ("-50", 200..250),
            ("-900", 0..250),
        ] {
            assert_eq!(
                text.parse::<ByteRange>().unwrap().of(250),
                expected,
                "{text}"
            );
        }
        for text in [
            "",
            "-",
            "9-1",
            "a-b",
            "1",
            "1-2-3",
            "0-18446744073709551615",
        ] {
            assert!(text.parse::<ByteRange>().is_err(), "{text}");
        }
    }
}
