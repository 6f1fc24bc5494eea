import Store

/// A connection as its client knows it: at one of the versions that it may have.
package struct KnownConnection {
    package let connection: SlidingConnection
    package let version: UInt64
    private let answered: SentRooms
    private let reader: any Reader

    /// - Returns: nil when there is no such connection, or the client can't have this version of it any more.
    package init?(_ key: SlidingConnectionKey, _ id: SlidingConnectionID, version: UInt64, in reader: any Reader) throws {
        guard let connection = try reader.get(TransitoryMaps.slidingConnections, key), connection.id == id else { return nil }
        if version == connection.version {
            answered = SentRooms()
        } else if let answered = try reader.get(TransitoryMaps.slidingAnswers, FixedKey(id, version)) {
            self.answered = answered
        } else {
            return nil
        }
        self.connection = connection
        self.version = version
        self.reader = reader
    }

    /// What the client was told of rooms, by their short IDs; rooms of which it doesn't know are left out.
    package func sentRooms(_ rooms: [UInt64]) throws -> [UInt64: SentRoom] {
        let stored = try reader.get(TransitoryMaps.slidingRooms, all: rooms.map { FixedKey(connection.id, $0) })
        var sent: [UInt64: SentRoom] = [:]
        for (room, stored) in zip(rooms, stored) { sent[room] = answered.rooms[room] ?? stored }
        return sent
    }

    /// Wishes for state by which the client was told of rooms, by their numbers, as they were given to `TransitoryDatabase`.
    package func requiredStates(_ numbers: Set<UInt64>) throws -> [UInt64: [UInt8]] {
        let numbers = Array(numbers)
        let states = try reader.get(TransitoryMaps.slidingRequiredStates, all: numbers.map { FixedKey(connection.id, $0) })
        return zip(numbers, states).reduce(into: [:]) { $0[$1.0] = $1.1 }
    }
}
