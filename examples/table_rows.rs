//! Writes a table of many rows to a file, and reads it again: what `cargo xtask bench --only tables` measures.
//!
//! `cargo run --release --example table_rows -- write FILE 1000000`, `… -- read FILE`, `… -- load FILE`; without words, a few
//! rows of each.
#![expect(clippy::print_stdout, reason = "an example tells what it does")]

use std::fs::File;
use std::io::BufWriter;

use wandb_rs::table::{Table, TableReader, TableWriter};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let count = match words[..] {
        ["write", file, rows] => write(file, rows.parse()?)?,
        ["read", file] => {
            let mut reader = TableReader::new(File::open(file)?)?;
            reader.by_ref().try_for_each(|row| row.map(drop))?;
            reader.nrows()
        }
        ["load", file] => Table::read(File::open(file)?)?.nrows(),
        [] => {
            let file = tempfile::NamedTempFile::new()?;
            let path = file.path().to_str().ok_or("a temporary file has a name")?;
            write(path, 1000)?;
            Table::read(File::open(path)?)?.nrows()
        }
        _ => return Err("say `write FILE ROWS`, `read FILE` or `load FILE`".into()),
    };
    println!("{count} rows");
    Ok(())
}

fn write(file: &str, rows: u32) -> Result<u64, Box<dyn std::error::Error>> {
    let mut writer = TableWriter::new(["id", "score", "name", "is_right", "note"])?;
    for row in 0..rows {
        let note = (!row.is_multiple_of(3)).then(|| format!("note {}", row % 1000));
        writer.add_data([
            row.into(),
            (f64::from(row) / 7.0).into(),
            format!("row number {row}").into(),
            row.is_multiple_of(2).into(),
            note.into(),
        ])?;
    }
    let count = writer.nrows();
    writer.finish(BufWriter::new(File::create(file)?))?;
    Ok(count)
}
