/// Which events the auth chains of states have in common, and which lie between events in conflict.
///
/// An event's auth chain is what is reachable along `auth_events`; that of a state is counted with the state's own events, as other servers do
/// it. No walk visits an event twice, so that a cycle, which the chosen IDs of room versions 1 and 2 make possible, ends like all else.
enum AuthChains {
    /// The events that are in the auth chains of some of the states but not of all ("Auth difference").
    ///
    /// What is reachable from an event that all states have is in all chains, and everything else only from events in conflict: so there is one
    /// walk for the former, and one for each state that ends where the former has been.
    static func difference(of state: ConflictedState, in events: inout ResolutionEvents) throws -> [Int] {
        var walk = Walk()
        for entry in state.unconflicted { try events.forEachAuthEvent(of: entry.event) { walk.visit($0) } }
        try walk.run(in: &events)
        walk.endsWhereItHasBeen()

        // How many states' chains an event is in, by index.
        var chainCounts: [Int32] = []
        for (number, entries) in state.conflicted.enumerated() {
            walk.begin(Int32(number + 1))
            for entry in entries { walk.visit(events.index(of: entry.event)) }
            try walk.run(in: &events)
            chainCounts.grow(to: events.count, with: 0)
            for index in walk.visited { chainCounts[index] += 1 }
        }
        return try chainCounts.indices.filter { index in
            guard chainCounts[index] > 0, chainCounts[index] < state.conflicted.count else { return false }
            // What all states have is in all chains too, though no walk has begun there.
            return state.unconflictedEvent(try events.key(index)) != events.number(of: index)
        }
    }

    /// The events on the paths along `auth_events` from one of these events to another, these included ("Conflicted state subgraph").
    static func subgraph(of conflicted: [Int], in events: inout ResolutionEvents) throws -> [Int] {
        var progress: [Progress] = Array(repeating: .unseen, count: events.count)
        var isInSubgraph = Array(repeating: false, count: events.count)
        for index in conflicted { isInSubgraph[index] = true }
        var subgraph: [Int] = []
        // The path from a conflicted event to the one that is looked at, with what is left of each one's auth events.
        var path: [(index: Int, rest: Range<Int>)] = []
        for start in conflicted where progress[start] == .unseen {
            progress[start] = .onPath
            path.append((start, try events.authEvents(of: start)))
            while let (index, rest) = path.last {
                if let place = rest.first {
                    path[path.count - 1].rest = rest.dropFirst()
                    let next = events.authEvent(at: place)
                    progress.grow(to: events.count, with: .unseen)
                    isInSubgraph.grow(to: events.count, with: false)
                    guard progress[next] == .unseen else {
                        // Who leads to an event of the subgraph is in it. An event on the path has not been decided yet: a cycle.
                        if isInSubgraph[next] { isInSubgraph[index] = true }
                        continue
                    }
                    progress[next] = .onPath
                    path.append((next, try events.authEvents(of: next)))
                } else {
                    path.removeLast()
                    progress[index] = .done
                    guard isInSubgraph[index] else { continue }
                    subgraph.append(index)
                    if let parent = path.last { isInSubgraph[parent.index] = true }
                }
            }
        }
        return subgraph
    }

    private enum Progress: UInt8 {
        case unseen
        case onPath
        case done
    }
}

/// A walk from some events along `auth_events`.
private struct Walk {
    /// The last walk that has visited the event, by index; `nowhere` for none.
    private var marks: [Int32] = []
    private var mark: Int32 = 0
    private var stack: [Int] = []
    /// The events that this walk has visited.
    private(set) var visited: [Int] = []

    private static let nowhere: Int32 = -1
    /// Where no later walk goes.
    private static let end: Int32 = -2

    /// Begins another walk.
    mutating func begin(_ number: Int32) {
        mark = number
        visited.removeAll(keepingCapacity: true)
    }

    /// Goes to an event, unless a walk has been there that ends this one.
    mutating func visit(_ index: Int) {
        marks.grow(to: index + 1, with: Self.nowhere)
        guard marks[index] != mark, marks[index] != Self.end else { return }
        marks[index] = mark
        visited.append(index)
        stack.append(index)
    }

    /// Goes on until everything reachable is visited.
    mutating func run(in events: inout ResolutionEvents) throws {
        while let index = stack.popLast() {
            for place in try events.authEvents(of: index) { visit(events.authEvent(at: place)) }
        }
    }

    /// Makes all later walks end where this one has been.
    mutating func endsWhereItHasBeen() {
        for index in visited { marks[index] = Self.end }
    }
}

extension Array {
    /// Appends the element until there are at least so many.
    fileprivate mutating func grow(to count: Int, with element: Element) {
        if self.count < count { append(contentsOf: repeatElement(element, count: count - self.count)) }
    }
}
