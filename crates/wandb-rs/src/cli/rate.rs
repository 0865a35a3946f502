//! Rates as people write them.

/// Reads bytes a second: `10MB`, `500KiB`, `1.5 GB/s`, `2000`.
pub(super) fn parse(text: &str) -> Result<u64, String> {
    let bad = || format!("{text:?} is no rate; write `10MB` or `500KiB` a second");
    let amount = text.trim();
    let amount = amount.strip_suffix("/s").unwrap_or(amount);
    let end = amount
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(amount.len());
    let (number, unit) = amount.split_at(end);
    let factor: f64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "kib" => 1024.0,
        "mib" => 1024.0 * 1024.0,
        "gib" => 1024.0 * 1024.0 * 1024.0,
        _ => return Err(bad()),
    };
    let bytes = number.parse::<f64>().map_err(|_| bad())? * factor;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is within bounds, and a fraction of a byte does not matter"
    )]
    match bytes {
        1.0..1e18 => Ok(bytes as u64),
        _ => Err(bad()),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn rates_have_units_of_both_kinds() {
        for (text, expected) in [
            ("2000", 2000),
            ("10MB", 10_000_000),
            ("500KiB", 512_000),
            ("1.5 GB/s", 1_500_000_000),
            ("3k", 3_000),
            ("1gib", 1 << 30),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_rate_is_refused() {
        for text in ["", "MB", "0", "-1", "fast", "1.2.3", "10 parsecs", "0.1B"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
