//! Rules of versions and their lineage.

use artifact_core::ports::ManifestKind;
use artifact_core::records::{ArtifactState, RunState};
use artifact_core::{Alias, DigestAlgorithm, Metadata, Ttl};
use artifact_store::metadata::{
    Abandoned, ClientObject, MetadataStoreExt as _, NewVersion, PartsRow, Relation, VersionKey,
};

use crate::fixture::{
    Fixture, Rule, Seed, at, commit, content, digest, entries, md5, put_files, sequence, value,
    write,
};

/// A version is pending until it is committed, and found by its digest from then on: of several the newest.
pub fn a_committed_version_is_found_by_its_digest(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    let (first, second, pending) = write(&*store, |tx| {
        let (first, _) = seed.committed(tx, 1, &[("a", 5)])?;
        let (second, _) = seed.committed(tx, 1, &[("a", 5)])?;
        Ok((first, second, seed.pending(tx, 2)?.0))
    })?;
    store.reading(|rows| {
        let find =
            |number, algorithm| rows.version_with_digest(seed.sequence, &digest(number), algorithm);
        assert_eq!(find(1, DigestAlgorithm::Md5)?, Some(second));
        assert_eq!(find(1, DigestAlgorithm::Xxh128)?, None);
        assert_eq!(find(2, DigestAlgorithm::Md5)?, None);
        assert_eq!(rows.pending_versions(seed.sequence)?, [pending]);
        let row = rows.version(pending)?.expect("it exists");
        assert_eq!((row.key, row.state), (pending, ArtifactState::Pending));
        let record = rows.version_record(pending)?.expect("it exists");
        assert_eq!((record.index, record.number), (None, pending.0));
        assert_eq!(rows.committed_record(pending)?, None);
        let record = rows.committed_record(first)?.expect("it is committed");
        assert_eq!((record.version.get(), record.name), (0, value("data")));
        let collection = rows.collection(seed.project, &value("data"))?;
        assert!(collection.expect("it exists").is_used);
        Ok(())
    })
}

/// A version is as it was inserted; changes that are not given leave the rest.
pub fn changes_to_a_version_leave_the_rest(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    let metadata: Metadata = serde_json::from_str(r#"{"k": [1, "\u0000"]}"#).expect("is valid");
    let (aliases, tags) = ([value::<Alias>("best")], [value("b"), value("a")]);
    let account = value("ann");
    let new = NewVersion {
        description: Some("text"),
        metadata: &metadata,
        ttl: Ttl::Seconds(60),
        wanted_aliases: &aliases,
        tags: &tags,
        history_step: Some(7),
        deduplicates: false,
        created_by: Some(&account),
        ..seed.version(1)
    };
    let key = write(&*store, |tx| {
        let key = tx.insert_version(&new)?;
        tx.set_totals(key, 30, 2)?;
        tx.update_version(key, None, None, None, at(50))?;
        Ok(key)
    })?;
    store.reading(|rows| {
        let row = rows.version(key)?.expect("it exists");
        assert_eq!(
            (&row.wanted_aliases[..], row.deduplicates),
            (&aliases[..], false)
        );
        assert_eq!((row.is_distributed, row.updated_at), (false, at(50)));
        let record = rows.version_record(key)?.expect("it exists");
        assert_eq!(record.description.as_deref(), Some("text"));
        assert_eq!(
            (record.metadata, record.ttl),
            (metadata.clone(), Ttl::Seconds(60))
        );
        assert_eq!((record.size, record.file_count), (30, 2));
        assert_eq!(
            (record.history_step, record.created_by),
            (Some(7), Some(account.clone()))
        );
        assert_eq!((record.created_at, record.updated_at), (at(10), at(50)));
        assert_eq!(record.tags, [value("a"), value("b")]);
        Ok(())
    })?;
    write(&*store, |tx| {
        tx.update_version(
            key,
            Some("other"),
            Some(&Metadata::default()),
            Some(Ttl::Disabled),
            at(51),
        )?;
        tx.set_digest(key, &digest(9))?;
        tx.set_wanted_aliases(key, &[])
    })?;
    store.reading(|rows| {
        let record = rows.version_record(key)?.expect("it exists");
        assert_eq!(record.description.as_deref(), Some("other"));
        assert_eq!(
            (record.metadata, record.ttl),
            (Metadata::default(), Ttl::Disabled)
        );
        assert_eq!(record.digest, digest(9));
        assert_eq!(rows.version(key)?.expect("it exists").wanted_aliases, []);
        Ok(())
    })
}

/// The key of a version that was merged stands for the other one, which takes over its runs and client ids.
pub fn a_merged_version_stands_for_the_other_one(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    let (merged, into) = write(&*store, |tx| {
        let (into, _) = seed.committed(tx, 1, &[])?;
        let (merged, _) = seed.pending(tx, 1)?;
        tx.put_output(seed.run, merged)?;
        tx.put_client_id("theirs", ClientObject::Version(merged))?;
        tx.merge_version(merged, into)?;
        Ok((merged, into))
    })?;
    store.reading(|rows| {
        assert_eq!(
            rows.version(merged)?.expect("it stands for another").key,
            into
        );
        let record = rows.version_record(merged)?;
        assert_eq!(record.expect("it stands for another").number, into.0);
        assert_eq!(rows.committed_record(merged)?, rows.committed_record(into)?);
        assert_eq!(rows.logged_by(into)?, Some(seed.run));
        assert_eq!(rows.version_of_client_id("theirs")?, Some(into));
        assert_eq!(rows.pending_versions(seed.sequence)?, []);
        Ok(())
    })
}

/// A version that is marked as deleted keeps its row, and nothing else.
pub fn a_deleted_version_is_in_no_collection(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    let (version, manifest) = write(&*store, |tx| {
        let (version, manifest) = seed.committed(tx, 1, &[("a", 5)])?;
        tx.move_alias(seed.sequence, &Alias::latest(), version)?;
        tx.set_deleted(version, at(60))?;
        Ok((version, manifest))
    })?;
    store.reading(|rows| {
        let record = rows.version_record(version)?.expect("its row stays");
        assert_eq!(
            (record.state, record.updated_at),
            (ArtifactState::Deleted, at(60))
        );
        assert_eq!(rows.committed_record(version)?, None);
        assert!(rows.memberships_of(version)?.is_empty());
        assert_eq!(rows.aliases(seed.sequence)?, []);
        assert!(rows.manifest(manifest)?.is_none());
        assert_eq!(rows.newest_version(seed.sequence)?, None);
        Ok(())
    })?;
    assert!(entries(&*store, manifest)?.is_empty());
    Ok(())
}

/// Deleting a version deletes everything that belongs to it, and its key is not used again.
pub fn deleting_a_version_deletes_what_belongs_to_it(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    let (version, manifest, parts) = write(&*store, |tx| {
        let (version, manifest) = seed.pending(tx, 1)?;
        put_files(tx, manifest, &[("a", 5)])?;
        let upload = PartsRow {
            manifest,
            path: value("b"),
            digest: md5(6),
            size: None,
        };
        let parts = tx.insert_parts(&upload, &[md5(7)])?;
        tx.put_output(seed.run, version)?;
        tx.put_client_id("theirs", ClientObject::Version(version))?;
        tx.delete_version(version)?;
        Ok((version, manifest, parts))
    })?;
    store.reading(|rows| {
        assert!(rows.version(version)?.is_none());
        assert!(rows.manifest(manifest)?.is_none());
        assert!(rows.parts_upload(parts)?.is_none());
        assert_eq!(rows.part_md5(parts, 1)?, None);
        assert_eq!(rows.logged_by(version)?, None);
        assert_eq!(rows.version_of_client_id("theirs")?, None);
        Ok(())
    })?;
    assert!(entries(&*store, manifest)?.is_empty());
    let (next, next_manifest) = write(&*store, |tx| seed.pending(tx, 2))?;
    assert!(version < next && manifest < next_manifest);
    Ok(())
}

/// Writers with the same distributed id share one pending version.
pub fn writers_share_one_pending_version(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    let new = NewVersion {
        distributed_id: Some("shared"),
        ..seed.version(1)
    };
    let find = || store.reading(|rows| rows.distributed_version(seed.sequence, "shared"));
    let version = write(&*store, |tx| tx.insert_version(&new))?;
    assert_eq!(find()?, Some(version));
    assert!(
        store
            .reading(|rows| rows.version(version))?
            .expect("it exists")
            .is_distributed
    );
    assert!(write(&*store, |tx| tx.insert_version(&new)).is_err());
    write(&*store, |tx| commit(tx, seed.sequence, version))?;
    assert_eq!(find()?, None);
    write(&*store, |tx| tx.insert_version(&new)).map(drop)
}

/// Pending versions that end with their process are deleted, of the others only those that are abandoned.
pub fn abandoned_versions_are_deleted(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    let lives = |name, outlives_process, distributed_id, now| {
        let new = NewVersion {
            outlives_process,
            distributed_id,
            now: at(now),
            ..seed.version(1)
        };
        write(&*store, |tx| {
            let version = tx.insert_version(&new)?;
            let manifest = tx.insert_manifest(version, ManifestKind::Full, None, None)?;
            put_files(tx, manifest, &[("a", name)])?;
            Ok(version)
        })
    };
    let committed = write(&*store, |tx| Ok(seed.committed(tx, 9, &[])?.0))?;
    lives(1, false, None, 1000)?;
    lives(2, true, None, 99)?;
    let alone = lives(3, true, None, 100)?;
    lives(4, true, Some("x"), 49)?;
    let shared = lives(5, true, Some("y"), 50)?;
    let abandoned = Abandoned {
        single: at(100),
        distributed: at(50),
    };
    let mut used = store.reading(|rows| rows.abandoned_content(&abandoned))?;
    used.sort();
    assert_eq!(used, [content(2), content(4)]);
    assert_eq!(
        write(&*store, |tx| tx.delete_pending_versions(&abandoned))?,
        3
    );
    store.reading(|rows| {
        let mut left = rows.pending_versions(seed.sequence)?;
        left.sort();
        assert_eq!(left, [alone, shared]);
        assert!(rows.version(committed)?.is_some());
        Ok(())
    })
}

/// A version expires when its time to live is over, unless it is in a portfolio.
pub fn a_version_expires_after_its_time_to_live(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    let versions = write(&*store, |tx| {
        let portfolio = sequence(tx, seed.project, "other")?;
        let ttls = [
            Ttl::Seconds(1),
            Ttl::Seconds(2),
            Ttl::Seconds(1),
            Ttl::Disabled,
            Ttl::Inherit,
        ];
        let mut versions = Vec::new();
        for ttl in ttls {
            let new = NewVersion {
                ttl,
                ..seed.version(1)
            };
            let version = tx.insert_version(&new)?;
            commit(tx, seed.sequence, version)?;
            versions.push(version);
        }
        let long = NewVersion {
            ttl: Ttl::Seconds(i64::MAX.unsigned_abs()),
            ..seed.version(1)
        };
        let long = tx.insert_version(&long)?;
        commit(tx, seed.sequence, long)?;
        tx.put_membership(versions[2], portfolio, 0.into(), at(30))?;
        Ok(versions)
    })?;
    let expired = |now| store.reading(|rows| rows.expired_versions(at(now)));
    assert_eq!(expired(1009)?, []);
    assert_eq!(expired(1010)?, [versions[0]]);
    assert_eq!(expired(2010)?, versions[..2]);
    Ok(())
}

/// Runs are related to versions in the order in which they began to log or use them; the first time counts.
pub fn lineage_is_in_the_order_of_the_first_time(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    let (versions, second_run) = write(&*store, |tx| {
        let second = tx.insert_run(seed.project, &value("second"), "second", None, at(2))?;
        let versions: Vec<VersionKey> = (1..=3)
            .map(|number| Ok(seed.committed(tx, number, &[])?.0))
            .collect::<Result<_, artifact_store::StoreError>>()?;
        let (pending, _) = seed.pending(tx, 4)?;
        for version in [versions[1], versions[0], pending, versions[1]] {
            tx.put_output(seed.run, version)?;
            tx.put_usage(seed.run, version, at(5))?;
        }
        for version in [versions[1], versions[2]] {
            tx.put_output(second, version)?;
            tx.put_usage(second, version, at(5))?;
        }
        Ok((versions, second))
    })?;
    store.reading(|rows| {
        for relation in [Relation::Logs, Relation::Uses] {
            let (mut found, mut after) = (Vec::new(), 0);
            while let page = rows.related_versions(seed.run, relation, after, 1)?
                && let Some(related) = page.last()
            {
                after = related.position;
                found.push(VersionKey(related.version.number));
            }
            assert_eq!(found, [versions[1], versions[0]], "{relation:?}");
            assert_eq!(
                rows.count_related(seed.run, relation)?,
                [(value("team"), 2)]
            );
        }
        assert_eq!(rows.logged_by(versions[1])?, Some(seed.run));
        assert_eq!(rows.used_by(versions[1])?, [seed.run, second_run]);
        assert_eq!(rows.versions_first_logged_by(second_run)?, [versions[2]]);
        Ok(())
    })?;
    write(&*store, |tx| {
        tx.set_run_state(seed.run, RunState::Finished, Some(0), at(8))?;
        tx.delete_run(seed.run, at(9))
    })?;
    store.reading(|rows| {
        assert_eq!(rows.logged_by(versions[1])?, Some(second_run));
        assert_eq!(rows.used_by(versions[1])?, [second_run]);
        let mut first = rows.versions_first_logged_by(second_run)?;
        first.sort();
        assert_eq!(first, versions[1..]);
        Ok(())
    })
}

/// The client id of a sequence stands for its newest committed version, or for a pending one if it has no other.
pub fn a_client_id_of_a_sequence_stands_for_its_newest_version(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    let meant = || store.reading(|rows| rows.version_of_client_id("id"));
    write(&*store, |tx| {
        tx.put_client_id("id", ClientObject::Sequence(seed.sequence))
    })?;
    assert_eq!(meant()?, None);
    let (pending, _) = write(&*store, |tx| seed.pending(tx, 1))?;
    assert_eq!(meant()?, Some(pending));
    let (committed, _) = write(&*store, |tx| seed.committed(tx, 2, &[]))?;
    assert_eq!(meant()?, Some(committed));
    write(&*store, |tx| {
        tx.put_client_id("id", ClientObject::Version(pending))
    })?;
    assert_eq!(meant()?, Some(pending));
    Ok(())
}
