use proptest::prelude::*;

use super::*;

fn password(text: &str, host: &str) -> Result<Option<Password>, NetrcError> {
    super::password(text.as_bytes(), host)
}

fn with_password(text: &str, host: &str, key: &str) -> Result<String, NetrcError> {
    let written = super::with_password(text.as_bytes(), host, key)?;
    Ok(String::from_utf8(written).unwrap())
}

fn found(text: &str, host: &str) -> Option<String> {
    password(text, host).unwrap().map(|found| found.text)
}

const HOST: &str = "localhost:8888";

#[test]
fn a_password_is_found_by_host_and_port() {
    let text = "machine localhost login a password one\nmachine localhost:8888\n\tlogin b # c\n\tpassword two\n";
    assert_eq!(found(text, HOST).as_deref(), Some("two"));
    assert_eq!(found(text, "LOCALHOST").as_deref(), Some("one"));
    assert_eq!(found(text, "localhost:1"), None);
    assert_eq!(password(text, HOST).unwrap().unwrap().line, 2);
}

#[test]
fn the_last_entry_with_a_password_counts() {
    let text = "machine h password one machine h account x password \"t\\\"wo\" machine h login a";
    assert_eq!(found(text, "h").as_deref(), Some("t\"wo"));
}

#[test]
fn what_is_for_any_machine_is_not_for_us() {
    assert_eq!(found("default login a password b", "h"), None);
    assert_eq!(found("macdef m\nmachine h password p\n\n", "h"), None);
}

#[test]
fn comments_may_hold_anything() {
    let text = "# \"it's\n#machine h password no\nmachine h # \"\n password yes #\\";
    assert_eq!(found(text, "h").as_deref(), Some("yes"));
}

#[test]
fn a_file_may_have_any_encoding() {
    let others = b"# caf\xe9 \xc2\x85\nmachine a password \xff\xa0\n";
    let written = super::with_password(others, "h", "k\u{e9}y").unwrap();
    assert!(written.starts_with(others));
    let found = super::password(&written, "h").unwrap().unwrap();
    assert_eq!(found.text, "k\u{e9}y");
}

#[test]
fn a_bad_line_is_named_and_not_shown() {
    for (text, line) in [
        ("machine h\nlogin a\nsecret", 3),
        ("\nmachine", 2),
        ("machine h password", 1),
        ("machine h\npassword \"secret\n\n", 2),
        ("secret machine h", 1),
        // Whatever is written after it would become a part of the word.
        ("machine h password secret\\", 1),
    ] {
        let error = password(text, "h").err().unwrap();
        assert_eq!(error.line, line, "{text:?}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("secret"), "{shown}");
        assert!(with_password(text, "h", "key").is_err());
    }
}

/// The first two are what `wandb login` 0.31.0 makes of the same files.
#[test]
fn a_new_entry_goes_to_the_end() {
    let section = "machine localhost:8888\n  login user\n  password KEY\n";
    let text = "# my comment\nmachine github.com\n\tlogin me\n  password secret  \n\nmachine other login a password b";
    for (before, after) in [
        (String::new(), section.to_owned()),
        (text.to_owned(), format!("{text}\n{section}")),
        (
            "macdef m\ncd /".to_owned(),
            format!("macdef m\ncd /\n\n{section}"),
        ),
        (
            "macdef m\ncd /\n\n".to_owned(),
            format!("macdef m\ncd /\n\n{section}"),
        ),
        (
            "machine a password b\n  default login c\n".to_owned(),
            format!("machine a password b\n{section}  default login c\n"),
        ),
    ] {
        assert_eq!(with_password(&before, HOST, "KEY").unwrap(), after);
    }
}

#[test]
fn an_old_entry_is_replaced_where_it_is() {
    let before = "machine a login b password c machine localhost:8888 login x # note\n # why\n account q\n password y # after\nmacdef init\ncd /x\n\n  machine LocalHost:8888 password z\nmachine d password e";
    let after = "machine a login b password c \nmachine localhost:8888\n  login user\n  password KEY\n# note\n# why\n # after\nmacdef init\ncd /x\n\nmachine d password e";
    assert_eq!(with_password(before, HOST, "KEY").unwrap(), after);
    assert_eq!(with_password(after, HOST, "KEY").unwrap(), after);
}

/// Returns a file of other programs' entries, macros and comments, with entries of ours among them, and the former alone.
fn files() -> impl Strategy<Value = (String, Vec<String>)> {
    let others = prop_oneof![
        "# [ -~]{0,12}\n",
        "machine [a-g]\\.example(:[0-9]{1,4})?\n  login [a-z]{1,5}\n\tpassword [!$-\\[\\]-~]{1,9}\n",
        "machine [a-g] account [a-z]{1,4} password \"[a-z ]{1,9}\"\n",
        "macdef [a-z]{1,4}\n[a-z /]{0,9}[a-z]\n\n",
        "\n",
    ];
    let ours = "(machine localhost:8888 (login [a-z]{1,4} )?password [a-z]{1,9}\n){0,1}";
    prop::collection::vec((others, ours), 0..6).prop_map(|parts| {
        let both = |(other, ours): &(String, String)| [other.clone(), ours.clone()];
        let text = parts.iter().flat_map(both).collect();
        (text, parts.into_iter().map(|(other, _)| other).collect())
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read_and_the_rest_stays((text, others) in files(), key in "[A-Za-z0-9_-]{40,90}") {
        let written = with_password(&text, HOST, &key).unwrap();
        prop_assert_eq!(found(&written, HOST), Some(key.clone()));
        let section = format!("machine {HOST}\n  login user\n  password {key}\n");
        prop_assert_eq!(written.matches(HOST).count(), 1);
        // Without ours, it is the others byte for byte.
        prop_assert_eq!(written.replacen(&section, "", 1), others.concat());
        prop_assert_eq!(with_password(&written, HOST, &key).unwrap(), written);
    }

    #[test]
    fn no_file_makes_it_fail_other_than_by_an_error(text in "(machine |password |login |macdef |default|#|\"|\\\\|\n| |a|é){0,24}") {
        if let Ok(written) = with_password(&text, "h", "key") {
            prop_assert_eq!(found(&written, "h"), Some("key".to_owned()));
        }
    }
}
