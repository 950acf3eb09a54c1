//! The fields that a text gave, before they are put together.

use super::compile::Field;
use crate::datetime::zone::Zone;

/// Values of fields, an offset and a zone.
#[derive(Clone, Debug, Default)]
pub(super) struct Parsed {
    fields: Vec<(Field, i64)>,
    pub offset: Option<i32>,
    pub zone: Option<Zone>,
}

impl Parsed {
    pub fn get(&self, field: Field) -> Option<i64> {
        self.fields.iter().find(|(known, _)| *known == field).map(|(_, value)| *value)
    }

    /// Sets a field; `None` if it has another value already.
    pub fn set(&mut self, field: Field, value: i64) -> Option<()> {
        match self.get(field) {
            None => {
                self.fields.push((field, value));
                Some(())
            }
            Some(known) => (known == value).then_some(()),
        }
    }

    /// As [`Parsed::set`], for the offset.
    pub fn set_offset(&mut self, seconds: i32) -> Option<()> {
        let same = self.offset.is_none_or(|known| known == seconds);
        self.offset = Some(seconds);
        same.then_some(())
    }

    pub fn take(&mut self, field: Field) -> Option<i64> {
        let at = self.fields.iter().position(|(known, _)| *known == field)?;
        Some(self.fields.swap_remove(at).1)
    }

    /// The fields that are left.
    pub fn rest(&self) -> &[(Field, i64)] {
        &self.fields
    }
}
