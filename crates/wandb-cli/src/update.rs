//! `wandb-rs artifact update`: changes aliases, tags, TTL, description or metadata of a version.

use std::time::Duration;

use clap::Args;
use serde::Serialize;
use serde_json::Value;
use wandb_rs::{
    Alias, ArtifactAddress, ArtifactChanges, Client, LoggedArtifact, Metadata, Tag, Ttl,
};

use super::{Exit, Failure, Printer, put, text};

#[derive(Debug, Args)]
pub(crate) struct UpdateArgs {
    /// Address of the version: `[[entity/]project/]name[:alias|:vN]`; `latest` if none is given.
    pub(crate) address: ArtifactAddress,
    /// Alias that moves to the version; may be given more than once.
    #[arg(long, value_name = "ALIAS", value_parser = movable)]
    pub(crate) add_alias: Vec<Alias>,
    /// Alias to take away; may be given more than once.
    #[arg(long, value_name = "ALIAS")]
    pub(crate) remove_alias: Vec<Alias>,
    /// Tag to add; may be given more than once.
    #[arg(long, value_name = "TAG")]
    pub(crate) add_tag: Vec<Tag>,
    /// Tag to take away; may be given more than once.
    #[arg(long, value_name = "TAG")]
    pub(crate) remove_tag: Vec<Tag>,
    /// Time to live after creation: `30d`, `12h`, …; `inherit` that of the project, or `never` expire.
    #[arg(long, value_name = "TIME|inherit|never", value_parser = parse_ttl)]
    pub(crate) ttl: Option<Ttl>,
    /// The new description.
    #[arg(short, long)]
    pub(crate) description: Option<String>,
    /// The new metadata, in whole: a JSON object, or `@FILE` that holds it.
    #[arg(long, value_name = "JSON|@FILE")]
    pub(crate) metadata: Option<String>,
}

/// The output of `update --json` and `link --json`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VersionOutput {
    /// Address that will always mean the version, in the collection in which it was found.
    address: String,
    version: String,
    aliases: Vec<String>,
    tags: Vec<String>,
    description: Option<String>,
    metadata: Value,
    /// Seconds, or `inherit` or `disabled`.
    ttl: Value,
}

impl VersionOutput {
    pub(crate) fn of(artifact: &LoggedArtifact) -> Self {
        Self {
            address: artifact.to_string(),
            version: artifact.version.to_string(),
            aliases: artifact.aliases.iter().map(ToString::to_string).collect(),
            tags: artifact.tags.iter().map(ToString::to_string).collect(),
            description: artifact.description.clone(),
            metadata: Value::Object(artifact.metadata.as_map().clone()),
            ttl: match artifact.ttl {
                Ttl::Inherit => "inherit".into(),
                Ttl::Disabled => "disabled".into(),
                Ttl::Seconds(seconds) => seconds.into(),
            },
        }
    }

    fn people(&self) -> String {
        let listed = |items: &[String]| match items {
            [] => "-".to_owned(),
            items => items.join(", "),
        };
        let ttl = self.ttl.as_str().map(ToOwned::to_owned);
        let rows = [
            ["  aliases".to_owned(), listed(&self.aliases)],
            ["  tags".to_owned(), listed(&self.tags)],
            [
                "  description".to_owned(),
                self.description.clone().unwrap_or_else(|| "-".to_owned()),
            ],
            ["  metadata".to_owned(), self.metadata.to_string()],
            [
                "  ttl".to_owned(),
                ttl.unwrap_or_else(|| format!("{} s", self.ttl)),
            ],
        ];
        format!("{}\n{}", self.address, text::table(&rows))
    }
}

pub(super) async fn run(
    args: UpdateArgs,
    client: &Client,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let metadata = match &args.metadata {
        Some(text) => {
            let value = put::read_metadata(text)?;
            Some(Metadata::try_from(value).map_err(wandb_rs::Error::from)?)
        }
        None => None,
    };
    let changes = ArtifactChanges {
        description: args.description,
        metadata,
        ttl: args.ttl,
        aliases_to_add: args.add_alias,
        aliases_to_delete: args.remove_alias,
        tags_to_add: args.add_tag,
        tags_to_delete: args.remove_tag,
    };
    if changes == ArtifactChanges::default() {
        return Err(Failure::new(
            format!("no changes given for {}", args.address),
            "`wandb-rs artifact update --help` lists what can",
        ));
    }
    let mut artifact = client.artifact(args.address).await?;
    artifact.update(changes).await?;
    let answer = VersionOutput::of(&artifact);
    printer.answer(&answer, || answer.people());
    Ok(Exit::Done)
}

/// Parses an alias that can be moved.
fn movable(text: &str) -> Result<Alias, String> {
    let alias: Alias = text.parse().map_err(|error| format!("{error}"))?;
    if alias == Alias::latest() {
        return Err("`latest` moves by itself, to the version logged or linked last".to_owned());
    }
    Ok(alias)
}

/// Parses `inherit`, `never`, or a number with `s`, `m`, `h`, `d` or `w`.
fn parse_ttl(text: &str) -> Result<Ttl, String> {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    match text {
        "inherit" => return Ok(Ttl::Inherit),
        "never" => return Ok(Ttl::Disabled),
        _ => {}
    }
    let bad = || {
        format!("{text:?} is no time to keep a version; write `30d`, `12h`, `inherit` or `never`")
    };
    let digits = text.find(|c: char| !c.is_ascii_digit());
    let (number, unit) = text.split_at(digits.ok_or_else(bad)?);
    let unit = match unit {
        "s" => 1,
        "m" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        "w" => 7 * DAY,
        _ => return Err(bad()),
    };
    let seconds = number.parse::<u64>().ok();
    let seconds = seconds.and_then(|number| number.checked_mul(unit));
    let ttl = Ttl::of(Duration::from_secs(seconds.ok_or_else(bad)?));
    ttl.map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        for (text, expected) in [
            ("30d", Ttl::Seconds(30 * 86_400)),
            ("2w", Ttl::Seconds(14 * 86_400)),
            ("12h", Ttl::Seconds(43_200)),
            ("1s", Ttl::Seconds(1)),
            ("never", Ttl::Disabled),
            ("inherit", Ttl::Inherit),
        ] {
            assert_eq!(parse_ttl(text), Ok(expected), "{text}");
        }
        for text in [
            "",
            "30",
            "d",
            "0s",
            "-1d",
            "1y",
            "99999999999999999999d",
            "18446744073709551615w",
        ] {
            assert!(parse_ttl(text).is_err(), "{text}");
        }
    }
}
