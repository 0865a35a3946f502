//! How long a version is kept, as people write it.

use std::time::Duration;

use wandb_rs::Ttl;

/// Reads `inherit`, `never`, or a number with `s`, `m`, `h`, `d` or `w`.
pub(super) fn parse(text: &str) -> Result<Ttl, String> {
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
            assert_eq!(parse(text), Ok(expected), "{text}");
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
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
