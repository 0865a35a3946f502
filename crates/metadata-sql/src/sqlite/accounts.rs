//! Accounts, keys and settings as rows.

use artifact_core::records::{Account, AccountKey};
use artifact_core::{EntityName, Timestamp};
use artifact_store::StoreError;
use artifact_store::metadata::{AccountTable, AccountTableMut, KeyHash, ProjectTableMut as _};
use rusqlite::params;

use super::rows::Rows;
use super::values;

impl Rows<'_> {
    fn keys_of(&self, account: &EntityName) -> Result<Vec<AccountKey>, StoreError> {
        self.all(
            "SELECT k.prefix, k.created_at FROM api_key k JOIN entity e ON e.id = k.account_id
             WHERE e.name = ?1 ORDER BY k.created_at, k.prefix",
            params![account.as_str()],
            |row| {
                Ok(AccountKey {
                    prefix: row.get(0)?,
                    created_at: values::time(row, 1)?,
                })
            },
        )
    }
}

impl AccountTable for Rows<'_> {
    fn is_personal(&self, entity: &EntityName) -> Result<bool, StoreError> {
        self.one(
            "SELECT EXISTS (SELECT 1 FROM entity WHERE name = ?1 AND is_personal)",
            params![entity.as_str()],
            |row| row.get(0),
        )
    }

    fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let names = self.all(
            "SELECT e.name FROM account a JOIN entity e ON e.id = a.entity_id ORDER BY e.name",
            [],
            |row| values::text(row, 0),
        )?;
        let accounts = names.iter().map(|name| self.account(name));
        accounts.filter_map(Result::transpose).collect()
    }

    fn account(&self, name: &EntityName) -> Result<Option<Account>, StoreError> {
        let created_at = self.optional(
            "SELECT a.created_at FROM account a JOIN entity e ON e.id = a.entity_id WHERE e.name = ?1",
            params![name.as_str()],
            |row| values::time(row, 0),
        )?;
        let Some(created_at) = created_at else {
            return Ok(None);
        };
        Ok(Some(Account {
            name: name.clone(),
            created_at,
            keys: self.keys_of(name)?,
        }))
    }

    fn owner_of_key(&self, hash: &KeyHash) -> Result<Option<EntityName>, StoreError> {
        self.optional(
            "SELECT e.name FROM api_key k JOIN entity e ON e.id = k.account_id WHERE k.hash = ?1",
            params![hash],
            |row| values::text(row, 0),
        )
    }

    fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.optional(
            "SELECT value FROM setting WHERE name = ?1",
            params![name],
            |row| row.get(0),
        )
    }
}

impl AccountTableMut for Rows<'_> {
    fn ensure_account(&mut self, name: &EntityName, now: Timestamp) -> Result<(), StoreError> {
        self.ensure_entity(name, now)?;
        self.execute(
            "UPDATE entity SET is_personal = 1 WHERE name = ?1",
            params![name.as_str()],
        )?;
        self.execute(
            "INSERT INTO account (entity_id, created_at) SELECT id, ?2 FROM entity WHERE name = ?1
             ON CONFLICT DO NOTHING",
            params![name.as_str(), now.as_unix_millis()],
        )?;
        Ok(())
    }

    fn insert_key(
        &mut self,
        account: &EntityName,
        hash: &KeyHash,
        prefix: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO api_key (hash, account_id, prefix, created_at)
             SELECT ?2, id, ?3, ?4 FROM entity WHERE name = ?1",
            params![account.as_str(), hash, prefix, now.as_unix_millis()],
        )?;
        Ok(())
    }

    fn delete_account(&mut self, name: &EntityName) -> Result<bool, StoreError> {
        let deleted = self.execute(
            "DELETE FROM account WHERE entity_id = (SELECT id FROM entity WHERE name = ?1)",
            params![name.as_str()],
        )?;
        Ok(0 < deleted)
    }

    fn insert_setting(&mut self, name: &str, value: &[u8]) -> Result<(), StoreError> {
        self.execute(
            "INSERT INTO setting (name, value) VALUES (?1, ?2)",
            params![name, value],
        )?;
        Ok(())
    }
}
