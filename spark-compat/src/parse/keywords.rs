//! The words that the grammar of Spark 3.2 queries treats as keywords; all others are plain identifiers to sqlparser.

use sqlparser::keywords::{ALL_KEYWORDS, ALL_KEYWORDS_INDEX, Keyword};

/// The keyword that `word` is in a Spark query, [`Keyword::NoKeyword`] for an identifier.
///
/// sqlparser knows hundreds of words of other databases (QUALIFY, OFFSET, RECURSIVE, CEIL, SAMPLE ..) and gives them
/// grammar; Spark 3.2 takes them for names, so they must not reach sqlparser as keywords. Type names are names too:
/// types are parsed by [`crate::types::ddl`].
pub fn lookup(word: &str) -> Keyword {
    let upper = word.to_ascii_uppercase();
    let found = ALL_KEYWORDS.binary_search(&upper.as_str()).ok().and_then(|at| ALL_KEYWORDS_INDEX.get(at)).copied();
    found.filter(is_query_keyword).unwrap_or(Keyword::NoKeyword)
}

fn is_query_keyword(keyword: &Keyword) -> bool {
    use Keyword as K;
    matches!(
        keyword,
        K::ALL
            | K::AND
            | K::ANTI
            | K::ANY
            | K::AS
            | K::ASC
            | K::BETWEEN
            | K::BOTH
            | K::BUCKET
            | K::BY
            | K::CASE
            | K::CAST
            | K::CLUSTER
            | K::CROSS
            | K::CUBE
            | K::CURRENT
            | K::CURRENT_DATE
            | K::CURRENT_TIMESTAMP
            | K::CURRENT_USER
            | K::DESC
            | K::DISTINCT
            | K::DISTRIBUTE
            | K::DIV
            | K::ELSE
            | K::END
            | K::ESCAPE
            | K::EXCEPT
            | K::EXISTS
            | K::EXTRACT
            | K::FALSE
            | K::FILTER
            | K::FIRST
            | K::FOLLOWING
            | K::FOR
            | K::FROM
            | K::FULL
            | K::GROUP
            | K::GROUPING
            | K::HAVING
            | K::IGNORE
            | K::IN
            | K::INNER
            | K::INTERSECT
            | K::INTERVAL
            | K::IS
            | K::JOIN
            | K::LAST
            | K::LATERAL
            | K::LEADING
            | K::LEFT
            | K::LIKE
            | K::LIMIT
            | K::MINUS
            | K::NATURAL
            | K::NOT
            | K::NULL
            | K::NULLS
            | K::OF
            | K::ON
            | K::OR
            | K::ORDER
            | K::OUT
            | K::OUTER
            | K::OVER
            | K::OVERLAY
            | K::PARTITION
            | K::PERCENT
            | K::PIVOT
            | K::PLACING
            | K::POSITION
            | K::PRECEDING
            | K::RANGE
            | K::REGEXP
            | K::RESPECT
            | K::RIGHT
            | K::RLIKE
            | K::ROLLUP
            | K::ROW
            | K::ROWS
            | K::SELECT
            | K::SEMI
            | K::SETS
            | K::SOME
            | K::SORT
            | K::STRUCT
            | K::SUBSTR
            | K::SUBSTRING
            | K::TABLE
            | K::TABLESAMPLE
            | K::THEN
            | K::TRAILING
            | K::TRIM
            | K::TRUE
            | K::TRY_CAST
            | K::UNBOUNDED
            | K::UNION
            | K::UNKNOWN
            | K::USING
            | K::VALUES
            | K::VIEW
            | K::WHEN
            | K::WHERE
            | K::WINDOW
            | K::WITH
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_looked_up_in_any_case() {
        assert_eq!(lookup("sElEcT"), Keyword::SELECT);
    }

    #[test]
    fn words_of_other_databases_are_identifiers() {
        for word in ["qualify", "offset", "recursive", "unnest", "date", "ceil", "name"] {
            assert_eq!(lookup(word), Keyword::NoKeyword, "{word}");
        }
    }
}
