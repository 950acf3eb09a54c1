//! English names of zones, as Java 11 shows them for `z` and `zzzz`.
//!
//! `zone-names.tsv` has a line for all zones with the same names: short and long name of standard time, short and long name
//! of daylight saving time, ids. `zone-names-read.tsv` says which zone a name is read as. Both were written down from what
//! Spark's `date_format` and `to_timestamp` answer for every zone and name.

use std::collections::HashMap;
use std::sync::LazyLock;

use chrono::TimeZone;
use chrono_tz::{OffsetComponents, Tz};

use crate::datetime::MICROS_PER_SECOND;
use crate::datetime::zone::{Zone, naive_in_tables};

const TABLE: &str = include_str!("zone-names.tsv");

/// Lines of a zone, and the short and the long names that are read as it.
const READ_TABLE: &str = include_str!("zone-names-read.tsv");

/// The names of a zone.
struct Names {
    standard: [&'static str; 2],
    daylight: [&'static str; 2],
}

static BY_ID: LazyLock<HashMap<&'static str, Names>> = LazyLock::new(|| {
    let mut names = HashMap::new();
    for line in TABLE.lines() {
        let mut columns = line.split('\t');
        let mut next = || columns.next().unwrap_or_default();
        let (standard, daylight, ids) = ([next(), next()], [next(), next()], next());
        names.extend(ids.split(' ').map(|id| (id, Names { standard, daylight })));
    }
    names
});

/// The zone's name at a moment; `None` if Java shows its id.
pub(super) fn name(zone: Zone, micros: i64, full: bool) -> Option<&'static str> {
    let id = match zone {
        Zone::Region(region) => region.name(),
        Zone::Prefixed(prefix, 0) => prefix.name(),
        _ => return None,
    };
    let names = BY_ID.get(id)?;
    let daylight = matches!(zone, Zone::Region(region) if is_daylight(region, micros));
    let of_season = if daylight { names.daylight } else { names.standard };
    of_season.get(usize::from(full)).copied()
}

/// The zone that Java takes for a short or a long name, which several zones may have; `None` if it is not known which.
pub(super) fn preferred(name: &str, full: bool) -> Option<Zone> {
    let named = |line: &&str| {
        let names = line.split('\t').nth(if full { 2 } else { 1 }).unwrap_or_default();
        names.split('|').any(|known| known.eq_ignore_ascii_case(name))
    };
    let line = READ_TABLE.lines().find(named)?;
    Zone::parse_region(line.split('\t').next()?)
}

/// The length of the longest name of a zone that the text begins with, whatever the letters' case; of short names, of long
/// ones, or of both.
pub(super) fn longest_prefix(text: &str, full: Option<bool>) -> Option<usize> {
    let all = BY_ID.values().flat_map(|names| [names.standard, names.daylight]);
    let all = all.flat_map(|[short, long]| match full {
        None => [short, long],
        Some(true) => [long, long],
        Some(false) => [short, short],
    });
    all.filter(|name| text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)))
        .map(|name| name.len())
        .max()
}

/// Zones where the winter counts as the exception in the tables here, and the summer in Java's.
const WINTER_ZONES: [Tz; 4] = [Tz::Europe__Dublin, Tz::Eire, Tz::Africa__Casablanca, Tz::Africa__El_Aaiun];

fn is_daylight(region: Tz, micros: i64) -> bool {
    let Some(clock) = naive_in_tables(micros.div_euclid(MICROS_PER_SECOND)) else { return false };
    let offset = region.offset_from_utc_datetime(&clock);
    let added = offset.dst_offset().num_seconds();
    added > 0 || added == 0 && offset.base_utc_offset().num_seconds() == 3600 && WINTER_ZONES.contains(&region)
}
