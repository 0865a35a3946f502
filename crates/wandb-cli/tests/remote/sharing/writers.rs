//! Commands that write one version.

use std::collections::BTreeMap;

use super::on_both;
use super::site::{GROUP, NAME, Site, all_well, json, refusal, start};

on_both!(
    all_parts_of_many_writers_are_there_once,
    a_writer_that_thinks_again_replaces_its_own_parts_alone,
    two_finishers_at_once_make_one_version,
    a_group_without_writers_cannot_be_finished,
    who_comes_after_the_finish_begins_the_next_version,
    a_group_of_two_projects_is_two_versions,
    a_share_needs_a_group,
);

fn all_parts_of_many_writers_are_there_once(site: &Site) {
    const WRITERS: usize = 8;
    const PARTS: usize = 25;

    let names: Vec<String> = (0..WRITERS)
        .map(|index| format!("writer-{index}"))
        .collect();
    let puts = names
        .iter()
        .map(|name| start(site.put(&site.share(name, PARTS), &[])));
    for answer in all_well(puts.collect()) {
        assert_eq!(
            (&answer["fileCount"], &answer["newFiles"]),
            (&PARTS.into(), &PARTS.into())
        );
    }
    let finished = json(&site.finish().output().unwrap());
    assert_eq!(finished["fileCount"], WRITERS * PARTS);
    assert_eq!(finished["version"], "v0");
    let expected: BTreeMap<_, _> = names
        .iter()
        .flat_map(|name| Site::parts(name, PARTS))
        .collect();
    assert_eq!(site.get("latest"), expected);
}

fn a_writer_that_thinks_again_replaces_its_own_parts_alone(site: &Site) {
    let share = site.share("one", 2);
    json(&site.put(&share, &["--id", "one"]).output().unwrap());
    // The same again, by the same run and by another one.
    json(&site.put(&share, &["--id", "one"]).output().unwrap());
    json(&site.put(&share, &["--id", "two"]).output().unwrap());
    std::fs::write(share.join("one/0.txt"), "other").unwrap();
    let told = refusal(site.put(&share, &["--id", "three"]).output().unwrap());
    for part in ["one/0.txt", "parts", "run one", "run three"] {
        assert!(told.contains(part), "{told}");
    }
    // What two runs have written is settled, also for them.
    let told = refusal(site.put(&share, &["--id", "one"]).output().unwrap());
    assert!(told.contains("run two"), "{told}");
    let own = site.share("four", 1);
    json(&site.put(&own, &["--id", "four"]).output().unwrap());
    std::fs::write(own.join("four/0.txt"), "better").unwrap();
    json(&site.put(&own, &["--id", "four"]).output().unwrap());
    json(&site.finish().output().unwrap());
    let mut expected = Site::parts("one", 2);
    expected.insert("four/0.txt".to_owned(), "better".to_owned());
    assert_eq!(site.get("v0"), expected);
}

fn two_finishers_at_once_make_one_version(site: &Site) {
    json(&site.put(&site.share("one", 3), &[]).output().unwrap());
    let running: Vec<_> = (0..3).map(|_| start(site.finish())).collect();
    let mut finished = 0;
    for child in running {
        let output = child.wait_with_output().unwrap();
        if output.status.success() {
            assert_eq!(json(&output)["version"], "v0");
            finished += 1;
        } else {
            // It began when the version was finished.
            let told = refusal(output);
            assert!(told.contains("nothing to finish"), "{told}");
        }
    }
    assert!(0 < finished);
    assert_eq!(site.versions(), ["v0"]);
    assert_eq!(site.get("latest"), Site::parts("one", 3));
}

fn a_group_without_writers_cannot_be_finished(site: &Site) {
    json(&site.put(&site.share("one", 1), &[]).output().unwrap());
    let mut other = site.command(&["artifact", "finish", NAME, "--group", "night-2"]);
    let told = refusal(other.output().unwrap());
    assert!(
        told.contains("vision/parts") && told.contains("nothing to finish"),
        "{told}"
    );
    let mut other = site.command(&["artifact", "finish", "vision/party", "--group", GROUP]);
    let told = refusal(other.output().unwrap());
    assert!(told.contains("vision/party"), "{told}");
    json(&site.finish().output().unwrap());
    assert_eq!(site.get("v0"), Site::parts("one", 1));
}

fn who_comes_after_the_finish_begins_the_next_version(site: &Site) {
    json(&site.put(&site.share("one", 1), &[]).output().unwrap());
    json(&site.finish().output().unwrap());
    json(&site.put(&site.share("late", 2), &[]).output().unwrap());
    assert_eq!(site.versions(), ["v0"], "nobody has finished it");
    assert_eq!(json(&site.finish().output().unwrap())["version"], "v1");
    assert_eq!(site.get("v0"), Site::parts("one", 1));
    assert_eq!(site.get("v1"), Site::parts("late", 2));
}

fn a_group_of_two_projects_is_two_versions(site: &Site) {
    json(&site.put(&site.share("here", 1), &[]).output().unwrap());
    let there = site.share("there", 2);
    let put = [
        "artifact",
        "put",
        there.to_str().unwrap(),
        "--name",
        "elsewhere/parts",
    ];
    let flags = ["--group", GROUP, "--partial", "--json"];
    json(&site.command(&[&put[..], &flags].concat()).output().unwrap());
    let finish = [
        "artifact",
        "finish",
        "elsewhere/parts",
        "--group",
        GROUP,
        "--json",
    ];
    let finished = json(&site.command(&finish).output().unwrap());
    assert_eq!(finished["fileCount"], 2);
    assert_eq!(json(&site.finish().output().unwrap())["fileCount"], 1);
}

fn a_share_needs_a_group(site: &Site) {
    let share = site.share("one", 1);
    let mut put = site.put(&share, &[]);
    let told = refusal(put.env_remove("WANDB_RUN_GROUP").output().unwrap());
    assert!(
        told.contains("--group") && told.contains("WANDB_RUN_GROUP"),
        "{told}"
    );
}
