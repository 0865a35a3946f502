//! Rules of collections and their members.

use artifact_core::records::{CollectionChanges, CollectionKind};
use artifact_core::{Alias, VersionIndex};
use artifact_store::metadata::MetadataStoreExt as _;

use crate::fixture::{Fixture, Rule, Seed, at, sequence, value, write};

/// A name is taken by one collection of a project, until that is deleted.
pub fn a_name_is_free_again_once_its_collection_is_deleted(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    assert!(write(&*store, |tx| sequence(tx, seed.project, "data")).is_err());
    write(&*store, |tx| tx.delete_collection(seed.sequence, at(5)))?;
    store.reading(|rows| {
        assert!(rows.collection(seed.project, &value("data"))?.is_none());
        assert_eq!(rows.collection_record(seed.sequence)?, None);
        Ok(())
    })?;
    let again = write(&*store, |tx| sequence(tx, seed.project, "data"))?;
    assert!(seed.sequence < again, "a key is not used again");
    Ok(())
}

/// Indexes start at 0, and none is given twice.
pub fn an_index_is_allocated_once(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    for expected in 0..3 {
        let index = write(&*store, |tx| tx.allocate_index(seed.sequence, at(4)))?;
        assert_eq!(index.get(), expected);
    }
    Ok(())
}

/// Changes that are not given stay; every change sets the time, of the project too.
pub fn changes_to_a_collection_leave_the_rest(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    let change = |changes: CollectionChanges, now| {
        write(&*store, |tx| {
            tx.update_collection(seed.sequence, &changes, at(now))
        })?;
        store.reading(|rows| rows.collection_record(seed.sequence))
    };
    let described = CollectionChanges {
        description: Some("text".to_owned()),
        ..CollectionChanges::default()
    };
    let found = change(described, 7)?.expect("it exists");
    assert_eq!(
        (found.name, found.description.as_deref()),
        (value("data"), Some("text"))
    );
    let renamed = CollectionChanges {
        name: Some(value("other")),
        ..CollectionChanges::default()
    };
    let found = change(renamed, 8)?.expect("it exists");
    assert_eq!(
        (found.name, found.description.as_deref()),
        (value("other"), Some("text"))
    );
    assert_eq!((found.created_at, found.updated_at), (at(3), at(8)));
    assert_eq!(
        (found.number, found.kind),
        (seed.sequence.0, CollectionKind::Sequence)
    );
    let project = store.reading(|rows| rows.project_record(seed.project))?;
    assert_eq!(project.updated_at, at(8));
    Ok(())
}

/// Types of a project are created with their first use, and listed by name, also when they are not used any more.
pub fn types_are_listed_by_name(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    write(&*store, |tx| {
        tx.set_type(seed.sequence, &value("Model"), at(6))
    })?;
    store.reading(|rows| {
        let types = rows.artifact_types(seed.project)?;
        let names: Vec<_> = types
            .iter()
            .map(|it| (it.name.as_str(), it.created_at))
            .collect();
        assert_eq!(names, [("Model", at(6)), ("dataset", at(3))]);
        let row = rows.collection(seed.project, &value("data"))?;
        let row = row.expect("it exists");
        assert_eq!((row.artifact_type, row.is_used), (value("Model"), false));
        Ok(())
    })
}

/// Sequences are listed by name, bytewise, page by page, once they have a committed version.
pub fn sequences_are_listed_by_name(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    write(&*store, |tx| {
        for name in ["b", "B", "a-b", "a_b", "pending"] {
            let collection = sequence(tx, seed.project, name)?;
            let seed = Seed {
                sequence: collection,
                ..seed
            };
            match name {
                "pending" => drop(seed.pending(tx, 1)?),
                _ => drop(seed.committed(tx, 1, &[("a", 5)])?),
            }
        }
        let kind = CollectionKind::Portfolio;
        tx.insert_collection(seed.project, kind, &value("p"), &value("model"), at(3))
    })?;
    let (mut names, mut after) = (Vec::new(), None);
    while let page = store.reading(|rows| rows.collections(seed.project, after.as_ref(), 2))?
        && let Some(last) = page.last()
    {
        assert!(page.len() <= 2);
        assert_eq!(
            (last.version_count, last.latest.map(VersionIndex::get)),
            (1, Some(0))
        );
        after = Some(last.name.clone());
        names.extend(page.into_iter().map(|record| record.name.to_string()));
    }
    assert_eq!(names, ["B", "a-b", "a_b", "b"]);
    let records = |wanted: Option<&str>| {
        let wanted = wanted.map(value);
        store.reading(|rows| {
            let found = rows
                .collection_records(seed.project, wanted.as_ref())?
                .into_iter();
            let mut names: Vec<_> = found.map(|found| found.name.to_string()).collect();
            names.sort();
            Ok(names)
        })
    };
    assert_eq!(records(None)?, ["B", "a-b", "a_b", "b", "p"]);
    assert_eq!(records(Some("model"))?, ["p"]);
    Ok(())
}

/// Tags are kept once each, sorted.
pub fn tags_are_kept_once_and_sorted(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    let version = write(&*store, |tx| {
        let (version, _) = seed.committed(tx, 1, &[])?;
        for tag in ["b", "a", "c", "b"] {
            tx.put_collection_tag(seed.sequence, &value(tag))?;
            tx.put_tag(version, &value(tag))?;
        }
        tx.delete_collection_tag(seed.sequence, &value("c"))?;
        tx.delete_tag(version, &value("c"))?;
        tx.delete_tag(version, &value("none"))?;
        Ok(version)
    })?;
    let tags = [value("a"), value("b")];
    store.reading(|rows| {
        let collection = rows.collection_record(seed.sequence)?;
        assert_eq!(collection.expect("it exists").tags, tags);
        assert_eq!(rows.version(version)?.expect("it exists").tags, tags);
        assert_eq!(rows.version_record(version)?.expect("it exists").tags, tags);
        assert_eq!(
            rows.committed_record(version)?.expect("it exists").tags,
            tags
        );
        Ok(())
    })
}

/// Members are found by index and by alias, and listed from the newest on, page by page.
pub fn members_are_listed_from_the_newest(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    let versions = write(&*store, |tx| {
        (1..=5)
            .map(|number| Ok(seed.committed(tx, number, &[])?.0))
            .collect::<Result<Vec<_>, _>>()
    })?;
    store.reading(|rows| {
        let (mut listed, mut before) = (Vec::new(), None);
        while let page = rows.members_before(seed.sequence, before, 2)?
            && let Some((last, _)) = page.last()
        {
            assert!(page.len() <= 2);
            before = Some(*last);
            listed.extend(page.into_iter().map(|(index, it)| (index.get(), it.number)));
        }
        let expected: Vec<_> = (0..).zip(versions.iter().map(|key| key.0)).collect();
        assert!(listed.iter().rev().eq(&expected), "{listed:?}");
        assert_eq!(rows.member_keys(seed.sequence)?, versions);
        assert_eq!(rows.member_count(seed.sequence)?, 5);
        assert_eq!(
            rows.newest_version(seed.sequence)?,
            versions.last().copied()
        );
        assert_eq!(rows.version_at(seed.sequence, 3.into())?, Some(versions[3]));
        assert_eq!(rows.version_at(seed.sequence, 5.into())?, None);
        let records = rows.committed_records(seed.sequence, Some(3.into()), 2)?;
        let indexes: Vec<_> = records.iter().map(|record| record.version.get()).collect();
        assert_eq!(indexes, [2, 1]);
        assert_eq!(rows.members(seed.sequence, true)?.len(), 5);
        Ok(())
    })
}

/// A version is a member once, and an index belongs to one member.
pub fn an_index_belongs_to_one_member(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    let (first, second) = write(&*store, |tx| {
        Ok((seed.committed(tx, 1, &[])?.0, seed.pending(tx, 2)?.0))
    })?;
    let put = |version, index: u32| {
        write(&*store, |tx| {
            tx.put_membership(version, seed.sequence, index.into(), at(9))
        })
    };
    assert!(put(first, 7).is_err(), "it is a member");
    assert!(put(second, 0).is_err(), "the index is in use");
    assert!(write(&*store, |tx| tx.set_committed(second, 0.into(), at(9))).is_err());
    Ok(())
}

/// An alias stands for one version of a collection, and moves to another one; it goes with the membership.
pub fn an_alias_stands_for_one_version(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    let (best, next): (Alias, Alias) = (value("best"), value("next"));
    let (first, second, portfolio) = write(&*store, |tx| {
        let (first, _) = seed.committed(tx, 1, &[])?;
        let (second, _) = seed.committed(tx, 2, &[])?;
        let kind = CollectionKind::Portfolio;
        let portfolio =
            tx.insert_collection(seed.project, kind, &value("p"), &value("dataset"), at(3))?;
        tx.put_membership(first, portfolio, 0.into(), at(30))?;
        for alias in [&next, &best] {
            tx.move_alias(seed.sequence, alias, first)?;
            tx.move_alias(portfolio, alias, first)?;
        }
        tx.move_alias(seed.sequence, &best, second)?;
        tx.delete_alias(seed.sequence, &best, first)?;
        Ok((first, second, portfolio))
    })?;
    store.reading(|rows| {
        assert_eq!(rows.version_with_alias(seed.sequence, &best)?, Some(second));
        assert_eq!(rows.version_with_alias(portfolio, &best)?, Some(first));
        assert_eq!(rows.aliases(seed.sequence)?, [best.clone(), next.clone()]);
        let expected = [
            (portfolio, best.clone()),
            (seed.sequence, next.clone()),
            (portfolio, next.clone()),
        ];
        assert_eq!(rows.aliases_of_version(first)?, expected);
        let of_both = rows.aliases_of_versions(&[second, first])?;
        assert_eq!(of_both.len(), 4);
        assert!(of_both.is_sorted_by_key(|(_, _, alias)| alias.clone()));
        let places = rows.memberships_of(first)?.into_iter();
        let places: Vec<_> = places
            .map(|place| (place.collection, place.created_at))
            .collect();
        assert_eq!(places, [(seed.sequence, at(20)), (portfolio, at(30))]);
        Ok(())
    })?;
    write(&*store, |tx| tx.delete_membership(first, portfolio))?;
    store.reading(|rows| {
        assert!(rows.membership(first, portfolio)?.is_none());
        assert_eq!(rows.aliases(portfolio)?, []);
        assert_eq!(
            rows.aliases_of_version(first)?,
            [(seed.sequence, next.clone())]
        );
        Ok(())
    })
}
