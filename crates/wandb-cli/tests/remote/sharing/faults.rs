//! Writers and finishers that are killed.

use std::process::Stdio;
use std::time::{Duration, Instant};

use super::on_both;
use super::site::{Site, json, start};

on_both!(
    a_writer_killed_at_any_point_harms_nobody_and_may_come_again,
    a_finisher_killed_at_any_point_leaves_all_or_nothing,
);

/// The number of kills, from before the start to after the end.
const KILLS: u32 = 8;

fn a_writer_killed_at_any_point_harms_nobody_and_may_come_again(site: &Site) {
    json(&site.put(&site.share("steady", 5), &[]).output().unwrap());
    let victim = site.share("victim", 30);
    let begun = Instant::now();
    json(&site.put(&site.share("other", 30), &[]).output().unwrap());
    let whole = begun.elapsed();
    for kill in 0..KILLS {
        let mut child = start(site.put(&victim, &[]));
        std::thread::sleep(whole * kill / (KILLS - 1));
        _ = child.kill();
        child.wait().unwrap();
        // Somebody else goes on meanwhile, and clears up what there is to clear up.
        json(&site.put(&site.share("steady", 5), &[]).output().unwrap());
    }
    json(&site.put(&victim, &[]).output().unwrap());
    let finished = json(&site.finish().output().unwrap());
    let mut expected = Site::parts("steady", 5);
    expected.extend(Site::parts("other", 30));
    expected.extend(Site::parts("victim", 30));
    assert_eq!(finished["fileCount"], expected.len());
    assert_eq!(site.get("v0"), expected);
}

fn a_finisher_killed_at_any_point_leaves_all_or_nothing(site: &Site) {
    let mut whole = Duration::from_millis(200);
    for kill in 0..KILLS {
        let writer = format!("writer-{kill}");
        json(&site.put(&site.share(&writer, 3), &[]).output().unwrap());
        let mut finish = site.finish();
        let mut child = finish
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(whole * kill / (KILLS - 1));
        _ = child.kill();
        child.wait().unwrap();
        let versions = site
            .command(&["artifact", "ls", "vision/parts", "--json"])
            .output();
        let is_there =
            versions.unwrap().status.success() && site.versions().len() == kill as usize + 1;
        if !is_there {
            let begun = Instant::now();
            json(&site.finish().output().unwrap());
            whole = begun.elapsed();
        }
        assert_eq!(site.get(&format!("v{kill}")), Site::parts(&writer, 3));
        assert_eq!(site.versions().len(), kill as usize + 1);
    }
}
