//! `wandb-rs artifact table`: tables of versions.

mod export;
mod grid;

use std::io::{self, ErrorKind, Write as _};

use clap::{Args, Subcommand};
use wandb_rs::ArtifactAddress;

use super::{Exit, Failure, Printer, text};
use wandb_rs::table::{Cell, Columns, LoggedObject, ObjectKind, PartsReader};
use wandb_rs::{Client, Error};

/// The number of rows shown by default.
const HEAD: u64 = 10;

/// The width of a grid without a terminal.
const WIDTH: usize = 80;

#[derive(Debug, Subcommand)]
pub(crate) enum TableCommand {
    /// Show the first rows of a table, its columns, and the number of rows.
    Show(ShowArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// Address of the version: `[[entity/]project/]name[:alias|:vN]`; `latest` if none is given.
    address: ArtifactAddress,
    /// Name of the table, or of a partitioned table, with or without its ending.
    #[arg(value_name = "PATH")]
    path: String,
    /// The most rows to show [default: 10, and all with `--json` or `--csv`].
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// Write the rows as CSV, the names of the columns first.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

pub(super) async fn run(
    command: TableCommand,
    client: &Client,
    printer: &Printer,
) -> Result<Exit, Failure> {
    let TableCommand::Show(args) = command;
    let artifact = client.artifact(args.address).await?;
    let mut shown = Shown::open(artifact.get(&args.path).await?).await?;
    let limit = args.limit.unwrap_or(u64::MAX);
    let mut out = io::BufWriter::new(io::stdout().lock());
    let written = if args.csv {
        export::csv(&mut shown, limit, &mut out)
    } else if printer.is_json() {
        export::json(&mut shown, limit, &mut out)
    } else {
        people(&mut shown, args.limit.unwrap_or(HEAD), &mut out)
    };
    match written.and_then(|()| Ok(out.flush()?)) {
        // A closed pipe means that the reader is done.
        Err(Unwritten::Output(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(Exit::Done),
        Err(Unwritten::Output(error)) => Err(Failure::new(
            format!("the rows cannot be written: {error}"),
            "check where the output goes",
        )),
        Err(Unwritten::Table(error)) => Err((*error).into()),
        Ok(()) => {
            let replaced = shown.rows.replaced_surrogates();
            if 0 < replaced && !printer.is_json() {
                let count = text::count(replaced, "unpaired surrogate");
                Printer::complain(&format!("{count} in the texts shown as U+FFFD"));
            }
            Ok(Exit::Done)
        }
    }
}

/// A table whose rows are about to be read.
struct Shown {
    address: String,
    path: String,
    kind: ObjectKind,
    columns: Columns,
    rows: PartsReader,
}

impl Shown {
    async fn open(object: LoggedObject) -> Result<Self, Failure> {
        let path = object.path().to_string();
        let kind = object.kind();
        let (address, rows) = match object {
            LoggedObject::Table(table) => {
                let address = table.artifact().to_string();
                (address, table.into_reader()?)
            }
            LoggedObject::PartitionedTable(table) => {
                let address = table.artifact().to_string();
                (address, table.reader().await?)
            }
            LoggedObject::JoinedTable(table) => {
                let [first, second] = table.view().tables();
                return Err(Failure::new(
                    format!("{path} joins two tables, and has no rows of its own"),
                    format!("show one of them: {first} or {second}"),
                ));
            }
        };
        Ok(Self {
            address,
            path,
            kind,
            columns: rows.columns().clone(),
            rows,
        })
    }

    fn nth(&mut self, index: u64, limit: u64) -> Result<Option<Vec<Cell>>, Unwritten> {
        if limit <= index {
            return Ok(None);
        }
        Ok(self.rows.next().transpose()?)
    }
}

/// Why not all was written.
enum Unwritten {
    Output(io::Error),
    Table(Box<Error>),
}

impl From<io::Error> for Unwritten {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<Error> for Unwritten {
    fn from(error: Error) -> Self {
        Self::Table(Box::new(error))
    }
}

fn people(shown: &mut Shown, limit: u64, out: &mut impl io::Write) -> Result<(), Unwritten> {
    let mut head = Vec::new();
    while let Some(row) = shown.nth(head.len() as u64, limit)? {
        head.push(row);
    }
    // All are read, so that an error in the last is reported, too.
    let mut count = head.len() as u64;
    for row in &mut shown.rows {
        row?;
        count += 1;
    }
    let width = terminal_size::terminal_size()
        .map(|(terminal_size::Width(width), _)| usize::from(width))
        .or_else(|| std::env::var("COLUMNS").ok()?.parse().ok())
        .unwrap_or(WIDTH);
    let title = format!(
        "{} of {}\n{}, {}\n\n",
        shown.path,
        shown.address,
        text::count(shown.columns.len() as u64, "column"),
        text::count(count, "row"),
    );
    let mut page = text::without_control_characters(&title);
    page.push_str(&grid::draw(&shown.columns, &head, width));
    if (head.len() as u64) < count {
        let left = text::count(count - head.len() as u64, "row");
        let more = format!("… {left} more; `--limit N` shows more of them\n");
        page.push_str(&more);
    }
    Ok(out.write_all(page.as_bytes())?)
}

/// Writes a cell for display and CSV: texts as they are, timestamps in UTC, and the rest as in the file.
fn plain(cell: &Cell) -> String {
    match cell {
        _ if cell.is_null() => String::new(),
        Cell::String(text) => text.clone(),
        Cell::Timestamp(number) => match number.as_i64().map(jiff::Timestamp::from_millisecond) {
            Some(Ok(time)) => time.to_string(),
            _ => number.to_string(),
        },
        _ => cell.to_json(),
    }
}
