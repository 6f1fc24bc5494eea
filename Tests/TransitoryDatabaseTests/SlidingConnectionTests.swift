import MatrixProtocol
import Store
import Testing

@testable import TransitoryDatabase

/// What is kept of what clients of simplified sliding sync were told.
@Suite struct SlidingConnectionTests {
    private static let key = SlidingConnectionKey(UserID(trusted: "@alice:example.org"), "PHONE", "rooms")

    private func room(_ limit: Int64, upTo: Position? = nil) -> SentRoom {
        SentRoom(
            upTo: upTo, timelineLimit: limit, requiredState: .max, knowsAccountData: limit % 2 == 0, knowsReceipts: limit % 3 == 0,
            members: [1, .max])
    }

    @Test func valuesComeBack() throws {
        for sent in [room(1), room(2, upTo: Position(7))] { #expect(try SentRoom(encoded: sent.encoded) == sent) }
        for rooms in [[:], [3: room(1), .max: room(2, upTo: Position(7))]] as [[UInt64: SentRoom]] {
            #expect(try SentRooms(encoded: SentRooms(rooms).encoded).rooms == rooms)
        }
    }

    @Test func damagedValuesAreErrors() {
        let whole = SentRooms([3: room(1)]).encoded
        for length in 1..<whole.count {
            #expect(throws: StoreError.self) { try SentRooms(encoded: Array(whole.prefix(length))) }
        }
        #expect(throws: StoreError.self) { try SentRoom(encoded: [1, 2, 3]) }
    }

    @Test func anAnswerHoldsOnceItsVersionIsUsed() async throws {
        try await TestStreams.session { session in
            let database = session.database
            let connection = try await database.beginConnection(
                Self.key, deviceCreatedAt: 5, SentRooms([1: room(1)]), requiredStates: [7: [1]])
            func known(_ version: UInt64) throws -> KnownConnection? {
                try KnownConnection(Self.key, connection.id, version: version, in: database.snapshot())
            }
            func advance(_ version: UInt64, _ rooms: [UInt64: SentRoom]) async throws -> UInt64? {
                try await database.advanceConnection(Self.key, connection.id, from: version, SentRooms(rooms), requiredStates: [8: [2]])
            }
            let first = SlidingConnection.firstVersion
            let second = try #require(try await advance(first, [1: room(2), 2: room(3)]))
            let third = try #require(try await advance(first, [2: room(4)]))
            #expect(try known(first)?.sentRooms([1, 2]) == [1: room(1)])
            #expect(try known(second)?.sentRooms([1, 2]) == [1: room(2), 2: room(3)])
            #expect(try known(third)?.sentRooms([1, 2]) == [1: room(1), 2: room(4)])
            let fourth = try #require(try await advance(third, [:]))
            #expect(try known(fourth)?.sentRooms([1, 2]) == [1: room(1), 2: room(4)])
            #expect(try known(third)?.requiredStates([7, 8, 9]) == [7: [1], 8: [2]])
            for gone in [first, second, fourth + 1] {
                let isKnown = try known(gone) != nil
                #expect(!isKnown)
                #expect(try await advance(gone, [:]) == nil)
            }
        }
    }

    @Test func whatHasExpiredIsForgotten() async throws {
        try await TestStreams.session { session in
            let database = session.database
            let connection = try await database.beginConnection(Self.key, deviceCreatedAt: 5, SentRooms([1: room(1)]), requiredStates: [:])
            func isKnown() throws -> Bool {
                try KnownConnection(Self.key, connection.id, version: SlidingConnection.firstVersion, in: database.snapshot()) != nil
            }
            try await database.forgetExpiredConnections(before: connection.usedAt)
            #expect(try isKnown())
            try await database.forgetExpiredConnections(before: connection.usedAt + 1)
            #expect(try !isKnown())
        }
    }

    @Test func tooManyWishesEndAConnection() async throws {
        try await TestStreams.session { session in
            let database = session.database
            let connection = try await database.beginConnection(Self.key, deviceCreatedAt: 5, SentRooms(), requiredStates: [:])
            let numbers = 0...UInt64(SlidingConnection.requiredStatesMax)
            let many = numbers.reduce(into: [UInt64: [UInt8]]()) { $0[$1] = [] }
            // What no room has is forgotten.
            let unused = try await database.advanceConnection(
                Self.key, connection.id, from: SlidingConnection.firstVersion, SentRooms(), requiredStates: many)
            let version = try #require(unused)
            let rooms = SentRooms(
                numbers.reduce(into: [:]) {
                    $0[$1] = SentRoom(
                        upTo: nil, timelineLimit: 1, requiredState: $1, knowsAccountData: false, knowsReceipts: false, members: [])
                })
            #expect(try await database.advanceConnection(Self.key, connection.id, from: version, rooms, requiredStates: many) == nil)
            #expect(try KnownConnection(Self.key, connection.id, version: version, in: database.snapshot()) == nil)
        }
    }

    @Test func aDevicesConnectionsGoWithIt() async throws {
        try await TestStreams.session { session in
            let database = session.database
            let connection = try await database.beginConnection(Self.key, deviceCreatedAt: 5, SentRooms(), requiredStates: [:])
            func remains(afterRemovalBut present: Int64?) async throws -> Bool {
                try await database.database.commit {
                    try database.removeConnections(ofDevice: "PHONE", of: UserID(trusted: "@alice:example.org"), but: present, in: $0)
                }
                return try KnownConnection(
                    Self.key, connection.id, version: SlidingConnection.firstVersion, in: database.snapshot()) != nil
            }
            #expect(try await remains(afterRemovalBut: 5))
            #expect(try await !remains(afterRemovalBut: 6))
        }
    }
}
