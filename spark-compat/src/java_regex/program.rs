//! A pattern as instructions of the backtracking machine.

use super::node::{Assert, Fold, Kind, Node, Set, Span};

/// The number of an instruction.
pub(super) type Address = usize;

/// One step of the machine.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// One character of the set with this number.
    Set(usize),
    /// This character.
    Character(char),
    /// As many characters of the set as the limits allow, by the kind's preference.
    Run { set: usize, min: u32, max: u32, kind: Kind },
    /// Goes on at the first address; at the second if that fails.
    Split(Address, Address),
    /// Goes on there.
    Jump(Address),
    /// Notes the place in a slot.
    Save(usize),
    /// Begins a repetition: its count, in the slot, is zero.
    Begin(usize),
    /// The head of a repetition; the body follows, and comes back here.
    Loop(Loop),
    /// Goes into the body of the repetition at this address.
    Enter(Address),
    /// What a group matched.
    Backreference { group: usize, fold: Fold },
    /// A place.
    Assert(Assert),
    /// Lookaround; its part follows, up to [`Step::Match`] before `end`.
    Look { negative: bool, behind: Option<Span>, end: Address },
    /// An atomic part, as for lookaround.
    Atomic { end: Address },
    /// The end of the pattern, or of a part.
    Match,
}

/// A repetition of more than one character.
#[derive(Clone, Copy, Debug)]
pub(super) struct Loop {
    /// The slot of how often the body was entered.
    pub count: usize,
    /// The slot of where it was entered last.
    pub start: usize,
    pub min: u32,
    pub max: u32,
    pub lazy: bool,
    /// Behind the repetition.
    pub end: Address,
}

/// Steps, the sets they name, and how many slots they write.
#[derive(Debug, Default)]
pub(super) struct Program {
    pub steps: Vec<Step>,
    pub sets: Vec<Set>,
    pub slots: usize,
    /// How many groups the pattern has.
    pub groups: usize,
}

impl Program {
    /// Compiles a pattern with so many groups.
    pub fn new(node: &Node, groups: usize) -> Self {
        let mut program = Self { slots: 2 * (groups + 1), groups, ..Self::default() };
        program.node(node);
        program.steps.push(Step::Match);
        program
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::Empty => {}
            Node::Set(set) => self.set(set),
            Node::Concat(nodes) => nodes.iter().for_each(|node| self.node(node)),
            Node::Alternate(nodes) => self.alternate(nodes),
            Node::Group { index, node } => {
                self.steps.push(Step::Save(2 * index));
                self.node(node);
                self.steps.push(Step::Save(2 * index + 1));
            }
            Node::Repeat { node, min, max, kind } => self.repeat(node, *min, max.unwrap_or(u32::MAX), *kind),
            Node::Look { negative, behind, node } => {
                self.part(node, |end| Step::Look { negative: *negative, behind: *behind, end });
            }
            Node::Atomic(node) => self.part(node, |end| Step::Atomic { end }),
            Node::Backreference { group, fold } => {
                self.steps.push(Step::Backreference { group: *group, fold: *fold });
            }
            Node::Assert(assert) => self.steps.push(Step::Assert(*assert)),
        }
    }

    fn set(&mut self, set: &Set) {
        let step = match set.ranges() {
            [range] if range.start() == range.end() => Step::Character(range.start()),
            _ => Step::Set(self.number_of(set)),
        };
        self.steps.push(step);
    }

    fn number_of(&mut self, set: &Set) -> usize {
        self.sets.push(set.clone());
        self.sets.len() - 1
    }

    /// Pushes a step whose address is known only later.
    fn placeholder(&mut self) -> Address {
        self.steps.push(Step::Match);
        self.steps.len() - 1
    }

    fn put(&mut self, at: Address, step: Step) {
        if let Some(slot) = self.steps.get_mut(at) {
            *slot = step;
        }
    }

    fn alternate(&mut self, nodes: &[Node]) {
        let mut jumps = Vec::new();
        for (at, node) in nodes.iter().enumerate() {
            if at + 1 == nodes.len() {
                self.node(node);
                break;
            }
            let split = self.placeholder();
            self.node(node);
            jumps.push(self.placeholder());
            self.put(split, Step::Split(split + 1, self.steps.len()));
        }
        let end = self.steps.len();
        jumps.into_iter().for_each(|jump| self.put(jump, Step::Jump(end)));
    }

    fn part(&mut self, node: &Node, step: impl FnOnce(Address) -> Step) {
        let at = self.placeholder();
        self.node(node);
        self.steps.push(Step::Match);
        let end = self.steps.len();
        self.put(at, step(end));
    }

    fn repeat(&mut self, node: &Node, min: u32, max: u32, kind: Kind) {
        if let Node::Set(set) = node {
            let set = self.number_of(set);
            self.steps.push(Step::Run { set, min, max, kind });
            return;
        }
        if kind == Kind::Possessive {
            let at = self.placeholder();
            self.repeat(node, min, max, Kind::Greedy);
            self.steps.push(Step::Match);
            let end = self.steps.len();
            self.put(at, Step::Atomic { end });
            return;
        }
        let (count, start) = (self.slots, self.slots + 1);
        self.slots += 2;
        self.steps.push(Step::Begin(count));
        let head = self.placeholder();
        self.node(node);
        self.steps.push(Step::Jump(head));
        // The way into the body that a lazy repetition takes when it comes back.
        let enter = self.steps.len();
        self.steps.push(Step::Enter(head));
        let end = enter + 1;
        self.put(head, Step::Loop(Loop { count, start, min, max, lazy: kind == Kind::Lazy, end }));
    }
}
