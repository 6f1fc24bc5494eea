import Store
import StoreTestSupport
import TestSupport
import Testing

@testable import RoomsDatabase

/// Room states kept as layers are what a dictionary for each of them would be.
@Suite struct StateLayerPropertyTests {
    /// How a run's states look.
    struct Shape: Sendable, CustomTestStringConvertible {
        /// What the first state has: other keys than memberships, and memberships.
        var keys = 0
        var members = 0
        /// Out of how many keys and events the changes choose. With few, states come back again and again.
        var keyPool: UInt64
        var eventPool: UInt64
        var changes: Int

        var testDescription: String { "\(keys) keys, \(members) members, \(changes) changes" }
    }

    @Test(
        arguments: [
            Shape(keyPool: 6, eventPool: 3, changes: 2_000),
            Shape(keys: 20, members: 30, keyPool: 60, eventPool: 1_000, changes: 1_200),
            Shape(keys: 15, members: 1_000, keyPool: 1_200, eventPool: 1_000_000, changes: 600),
        ], [1, 2] as [UInt64])
    func agreesWithAModel(_ shape: Shape, seed: UInt64) async throws {
        try await TestRooms.session { rooms in
            var work = StateWork(shape: shape, seed: seed)
            while work.changesLeft > 0 {
                work = try await rooms.commit { [work] commit in
                    var work = work
                    for _ in 0..<min(work.changesLeft, 40) { try work.change(commit) }
                    return work
                }
                try work.expectAgreement(rooms.view)
            }
        }
    }

    @Test func equalStatesHaveOneIDAfterARestartToo() async throws {
        let directory = try TemporaryDirectory()
        let first = try await TestRooms.session(in: directory) { rooms in
            try await rooms.commit { try StateWork.state(of: [1, 2, 3], $0) }
        }
        try await TestRooms.session(in: directory) { rooms in
            let (same, other) = try await rooms.commit { (try StateWork.state(of: [3, 1, 2], $0), try StateWork.state(of: [1, 2], $0)) }
            #expect(same == first)
            #expect(other != first)
        }
    }

    @Test func emptyingAStateYieldsTheEmptyOne() async throws {
        try await TestRooms.session { rooms in
            let emptied = try await rooms.commit { commit in
                let key = ShortStateKey(number: 1)
                let state = try commit.state(.empty, with: [(key, nil, ShortEventID(number: 5))], in: StateWork.room)
                return try commit.state(state, with: [(key, ShortEventID(number: 5), nil)], in: StateWork.room)
            }
            #expect(emptied == .empty)
        }
    }

    @Test func layersLargerThanACommitAreMerged() async throws {
        try await TestRooms.session { rooms in
            func entries(_ count: UInt64, event: UInt64) -> [StateLayer.Entry] {
                (1...count).map { (ShortStateKey(number: $0), ShortEventID(number: event)) }
            }
            let (lower, upper) = (entries(100_000, event: 1), entries(60_000, event: 2))
            let (below, above) = try await rooms.commit { commit in
                let (below, above) = (commit.commit.makeShortID(ShortStateHash.self), commit.commit.makeShortID(ShortStateHash.self))
                commit.write(lower, of: below, over: .empty, layers: 1, sum: StateSum())
                return (below, above)
            }
            let merged = try await rooms.commit { commit in
                commit.write(upper, of: above, over: below, layers: StateLayer.layersMax, sum: StateSum())
                return try commit.state(above, with: [(ShortStateKey(number: 7), nil, ShortEventID(number: 3))], in: StateWork.room)
            }
            let view = rooms.view
            #expect(try view.layers(of: merged) == [merged])
            #expect(try view.entries(of: merged).map(\.event.number) == (1...100_000).map { $0 == 7 ? 3 : $0 <= 60_000 ? 2 : 1 })
        }
    }
}

/// Random changes to random states, and the dictionaries that they should be.
private struct StateWork: Sendable {
    typealias Model = [ShortStateKey: ShortEventID]

    static let room = ShortRoomID(number: 1)

    private(set) var changesLeft: Int
    private let shape: StateLayerPropertyTests.Shape
    private var random: SplitMix64
    /// All states so far; most changes go on from the last.
    private var states: [(state: ShortStateHash, model: Model)] = [(.empty, [:])]
    private var known: [Model: ShortStateHash] = [[:]: .empty]
    private var begun = false

    init(shape: StateLayerPropertyTests.Shape, seed: UInt64) {
        self.shape = shape
        random = SplitMix64(seed: seed)
        changesLeft = shape.changes
    }

    /// A state with an event for each of the keys, set one after the other.
    static func state(of keys: [UInt64], _ commit: RoomsCommit) throws -> ShortStateHash {
        try keys.reduce(.empty) { state, key in
            try commit.state(state, with: [(ShortStateKey(number: key), nil, ShortEventID(number: key + 100))], in: room)
        }
    }

    mutating func change(_ commit: RoomsCommit) throws {
        if !begun { try begin(commit) }
        changesLeft -= 1
        let isFromAnOlderOne = UInt8.random(in: 0..<20, using: &random) == 0
        var (state, model) = isFromAnOlderOne ? states[Int.random(in: 0..<states.count, using: &random)] : states[states.count - 1]
        let key = randomKey()
        let event = UInt8.random(in: 0..<5, using: &random) == 0 ? nil : randomEvent()
        state = try commit.state(state, with: [(key, model[key], event)], in: Self.room)
        model[key] = event
        record(state, model)
        #expect(try commit.view.event(of: key, in: state) == event)
        #expect(try commit.view.head(of: state).layers <= StateLayer.layersMax)
    }

    /// Makes the first state.
    private mutating func begin(_ commit: RoomsCommit) throws {
        begun = true
        var (state, model) = states[0]
        let members = (0..<shape.members).map { ShortStateKey(number: ShortStateKey.firstMember.number + UInt64($0)) }
        for key in (0..<shape.keys).map({ ShortStateKey(number: UInt64($0) + 1) }) + members { model[key] = randomEvent() }
        state = try commit.state(state, with: model.sorted { $0.key < $1.key }.map { ($0.key, nil, $0.value) }, in: Self.room)
        record(state, model)
    }

    private mutating func record(_ state: ShortStateHash, _ model: Model) {
        if shape.members < 100 {
            if let same = known[model] { #expect(state == same, "equal states have one ID") }
            known[model] = state
        }
        states.append((state, model))
    }

    private mutating func randomKey() -> ShortStateKey {
        let number = UInt64.random(in: 1...shape.keyPool, using: &random)
        return ShortStateKey(number: Bool.random(using: &random) ? number : number | ShortStateKey.firstMember.number)
    }

    private mutating func randomEvent() -> ShortEventID {
        ShortEventID(number: UInt64.random(in: 1...shape.eventPool, using: &random))
    }

    /// Looks at the last state, at an older one and at what lies between them.
    mutating func expectAgreement(_ view: RoomsView) throws {
        let last = states[states.count - 1]
        let older = states[Int.random(in: 0..<states.count, using: &random)]
        for (state, model) in [last, older] {
            try expect(view.entries(of: state), model)
            try expect(view.entries(of: state, .members), model.filter(\.key.isMember))
            try expect(view.entries(of: state, .allButMembers), model.filter { !$0.key.isMember })
            for _ in 0..<20 {
                let key = randomKey()
                #expect(try view.event(of: key, in: state) == model[key])
            }
        }
        try expectDifference(from: older, to: last, view)
        try expectDifference(from: last, to: older, view)
    }

    private func expect(_ entries: [(key: ShortStateKey, event: ShortEventID)], _ model: Model) {
        #expect(entries.map(\.key) == model.keys.sorted())
        #expect(entries.allSatisfy { model[$0.key] == $0.event })
    }

    private func expectDifference(
        from old: (state: ShortStateHash, model: Model), to new: (state: ShortStateHash, model: Model), _ view: RoomsView
    ) throws {
        let difference = try view.difference(from: old.state, to: new.state)
        let keys = Set(old.model.keys).union(new.model.keys).filter { old.model[$0] != new.model[$0] }.sorted()
        #expect(difference.map(\.key) == keys)
        #expect(difference.allSatisfy { $0.old == old.model[$0.key] && $0.new == new.model[$0.key] })
    }
}
