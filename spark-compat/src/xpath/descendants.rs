//! Which paths Xalan walks by an index of whole names (`DescendantIterator`): for those `//b` finds no `n:b`.

use super::expression::{Axis, Comparison, Expr, Function, NodeTest, Step};

/// Whether Xalan takes its `DescendantIterator`: at most three steps, the root and `.` among them, that go down and of
/// which only the last one tests names, without predicates that may ask for a position
/// (`WalkerFactory.isOptimizableForDescendantIterator`). A single step takes another.
pub(super) fn walked_by_whole_name(absolute: bool, starts_with_self: bool, steps: &[Step]) -> bool {
    let Some((last, before)) = steps.split_last() else { return false };
    let count = steps.len() + usize::from(absolute);
    if !(2..=3).contains(&count) || before.iter().any(|step| step.test != NodeTest::Any) {
        return false;
    }
    if steps.iter().flat_map(|step| &step.predicates).any(may_ask_for_position) {
        return false;
    }
    let descends = |step: &Step| matches!(step.axis, Axis::Descendant | Axis::DescendantOrSelf);
    match (absolute || starts_with_self, before) {
        (true, [.., above]) if last.axis == Axis::Child => above.axis == Axis::DescendantOrSelf,
        (true, [] | [Step { axis: Axis::Itself, .. }]) => descends(last) && count == 2,
        (false, [above]) => above.axis == Axis::DescendantOrSelf && last.axis == Axis::Child,
        _ => false,
    }
}

/// Whether Xalan thinks that a predicate may depend on the position (`WalkerFactory.mightBeProximate`).
fn may_ask_for_position(predicate: &Expr) -> bool {
    match predicate {
        Expr::Path(_) => false,
        Expr::Call(..) | Expr::Compare(..) => part_asks_for_position(predicate),
        _ => true,
    }
}

/// The same for the sides of a comparison and the arguments of a function.
fn part_asks_for_position(part: &Expr) -> bool {
    match part {
        Expr::Path(_) | Expr::Literal(_) | Expr::Number(_) => false,
        Expr::Call(Function::Last | Function::Position, _) => true,
        Expr::Call(_, arguments) => arguments.iter().any(part_asks_for_position),
        Expr::Compare(Comparison::NotEqual, ..) => true,
        Expr::Compare(_, a, b) => part_asks_for_position(a) || part_asks_for_position(b),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    #[test]
    fn paths_of_the_descendant_iterator_are_known() {
        let by_whole_name = |path| matches!(parse(path).unwrap(), Expr::Path(path) if path.by_whole_name);
        for path in ["//b", ".//b", "/descendant::b", "./descendant::b", "//b[. = 1]", "//b[not(c)]"] {
            assert!(by_whole_name(path), "{path}");
        }
        for path in
            ["a//b", "descendant::b", "descendant-or-self::b", "//a/b", "/a//b", "//*/b", "(a)//b", "//@c", "a/b", "b"]
        {
            assert!(!by_whole_name(path), "{path}");
        }
        for path in ["//b[1]", "//b[. != 1]", "//b[(c)]", "//b[position() = 1]", "//b[. = 1 + 1]"] {
            assert!(!by_whole_name(path), "{path}");
        }
    }
}
