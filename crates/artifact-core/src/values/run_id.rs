//! The id of a run.

use super::text::{check_free_name, check_segment, checked_text};

/// Id of a run within its project; eight characters of `a-z0-9` where the program chooses it.
///
/// One to 128 characters, none of `: ; , # ? / '` nor a control character, and no space at either end; neither `.` nor
/// `..`, which no URL can hold.
///
/// Source: `wandb.init(id=…)` of wandb 0.31.0.
#[derive(
    Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

checked_text!(RunId, "run id", check);

impl RunId {
    /// Returns the id that W&B's alphabet gives `random`: eight base-36 digits.
    #[must_use]
    pub fn from_random(random: u64) -> Self {
        let mut rest = random;
        let digits = (0..8).map(|_| {
            let digit = u8::try_from(rest % 36).unwrap_or_default();
            rest /= 36;
            char::from(if digit < 26 {
                b'a' + digit
            } else {
                b'0' + digit - 26
            })
        });
        Self(digits.collect())
    }
}

fn check(text: &str) -> Result<(), String> {
    check_segment(text)?;
    check_free_name(text, &[':', ';', ',', '#', '?', '/', '\''])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_ids_are_valid_and_eight_long() {
        for random in [0, 1, 35, 36, u64::MAX] {
            let id = RunId::from_random(random);
            assert_eq!(id.as_str().len(), 8);
            assert_eq!(id.as_str().parse::<RunId>(), Ok(id));
        }
    }

    #[test]
    fn rejects_separators() {
        for text in [
            "", ".", "..", " a", "a ", "a:b", "a;b", "a,b", "a#", "a?", "a/b", "a'b", "a\n",
        ] {
            assert!(text.parse::<RunId>().is_err(), "{text:?}");
        }
    }
}
