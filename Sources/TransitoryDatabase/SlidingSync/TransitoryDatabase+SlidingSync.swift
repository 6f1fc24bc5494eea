import MatrixProtocol
import Store
import StoredIdentifiers

/// What the clients of simplified sliding sync were told.
extension TransitoryDatabase {
    /// Begins a connection with its first answer. What was known of one of the same name is forgotten.
    ///
    /// - Parameter requiredStates: the wishes for state that `sent` names, by their numbers.
    package func beginConnection(
        _ key: SlidingConnectionKey, deviceCreatedAt: Int64, _ sent: SentRooms, requiredStates: [UInt64: [UInt8]]
    ) async throws -> SlidingConnection {
        try await database.commit { commit in
            try commit.forgetConnection(key)
            try commit.forgetOldConnections(beside: key)
            let connection = SlidingConnection(id: commit.makeShortID(), deviceCreatedAt: deviceCreatedAt, usedAt: commit.time)
            commit.put(TransitoryMaps.slidingConnections, key, connection)
            commit.setSent(sent, on: connection.id)
            for (number, state) in requiredStates {
                commit.put(TransitoryMaps.slidingRequiredStates, FixedKey(connection.id, number), state)
            }
            return connection
        }
    }

    /// Notes what the answer to a version has told, and makes a new one of it. The version that was answered stays until the client shows that it
    /// has the new one; those before it are forgotten.
    ///
    /// - Parameter requiredStates: the wishes for state that `sent` names, by their numbers.
    /// - Returns: the new version; nil when the one that was answered is no longer known, or there are too many wishes.
    package func advanceConnection(
        _ key: SlidingConnectionKey, _ id: SlidingConnectionID, from version: UInt64, _ sent: SentRooms, requiredStates: [UInt64: [UInt8]]
    ) async throws -> UInt64? {
        try await database.commit { commit in
            guard let known = try KnownConnection(key, id, version: version, in: commit) else { return nil }
            var connection = known.connection
            if version != connection.version {
                let answered = try commit.get(TransitoryMaps.slidingAnswers, FixedKey(id, version)) ?? SentRooms()
                commit.setSent(answered, on: id)
                try commit.deleteAnswers(of: id, leaving: 0)
                connection.version = version
            }
            try commit.deleteAnswers(of: id, leaving: SlidingConnection.answersMax - 1)
            connection.lastVersion += 1
            connection.usedAt = commit.time
            commit.put(TransitoryMaps.slidingConnections, key, connection)
            commit.putUncounted(TransitoryMaps.slidingAnswers, FixedKey(id, connection.lastVersion), sent)
            guard try commit.add(requiredStates, to: id) else {
                try commit.forgetConnection(key)
                return nil
            }
            return connection.lastVersion
        }
    }

    /// Forgets the connections that were used last before a moment.
    ///
    /// - Parameter moment: in milliseconds since 1970.
    package func forgetExpiredConnections(before moment: Int64) async throws {
        var all = try database.snapshot().domain(TransitoryMaps.slidingConnections, .all)
        while let (key, connection) = try all.next() {
            guard connection.usedAt < moment else { continue }
            try await database.commit { commit in
                // It may have come into use in between.
                if let connection = try commit.get(TransitoryMaps.slidingConnections, key), connection.usedAt < moment {
                    try commit.forgetConnection(key)
                }
            }
        }
    }

    /// Removes the connections that a device has left.
    ///
    /// - Parameter present: when the device of that ID was made that there is now; nil for none.
    package func removeConnections(ofDevice device: String, of user: UserID, but present: Int64?, in commit: Commit) throws {
        for (key, connection) in try commit.connections(ofDevice: device, of: user) where connection.deviceCreatedAt != present {
            try commit.forgetConnection(key)
        }
    }
}

extension Commit {
    fileprivate func connections(
        ofDevice device: String, of user: UserID
    ) throws -> [(key: SlidingConnectionKey, value: SlidingConnection)] {
        var connections = try domain(TransitoryMaps.slidingConnections, .tuples(user, device))
        return try connections.collect()
    }

    /// A connection's rooms may be many, but that is once in its life.
    fileprivate func setSent(_ sent: SentRooms, on connection: SlidingConnectionID) {
        for (room, sent) in sent.rooms.sorted(by: { $0.key < $1.key }) {
            putUncounted(TransitoryMaps.slidingRooms, FixedKey(connection, room), sent)
        }
    }

    /// Deletes the oldest answers that the client may or may not have, but the newest few.
    fileprivate func deleteAnswers(of connection: SlidingConnectionID, leaving count: Int) throws {
        var answers = try domain(TransitoryMaps.slidingAnswers, .fixed(connection))
        for (key, _) in try answers.collect().dropLast(count) { delete(TransitoryMaps.slidingAnswers, key) }
    }

    /// Adds wishes for state to those of a connection, and forgets those that no room has any more when there are many.
    ///
    /// - Returns: whether they are not too many.
    fileprivate func add(_ added: [UInt64: [UInt8]], to connection: SlidingConnectionID) throws -> Bool {
        for (number, state) in added { put(TransitoryMaps.slidingRequiredStates, FixedKey(connection, number), state) }
        var states = try domain(TransitoryMaps.slidingRequiredStates, .fixed(connection))
        let numbers = Set(try states.collect().map { $0.key.parts.1 })
        if numbers.count <= SlidingConnection.requiredStatesMax { return true }
        var rooms = try domain(TransitoryMaps.slidingRooms, .fixed(connection))
        var answers = try domain(TransitoryMaps.slidingAnswers, .fixed(connection))
        let used = Set(try rooms.collect().map { $0.value.requiredState })
            .union(try answers.collect().flatMap { $0.value.rooms.values.map(\.requiredState) })
        for number in numbers.subtracting(used) { delete(TransitoryMaps.slidingRequiredStates, FixedKey(connection, number)) }
        return used.count <= SlidingConnection.requiredStatesMax
    }

    fileprivate func forgetConnection(_ key: SlidingConnectionKey) throws {
        guard let connection = try get(TransitoryMaps.slidingConnections, key) else { return }
        delete(TransitoryMaps.slidingConnections, key)
        delete(TransitoryMaps.slidingRooms, .fixed(connection.id))
        delete(TransitoryMaps.slidingAnswers, .fixed(connection.id))
        delete(TransitoryMaps.slidingRequiredStates, .fixed(connection.id))
    }

    /// Forgets the device's connections that have expired, and makes room for a new one.
    fileprivate func forgetOldConnections(beside key: SlidingConnectionKey) throws {
        let newestFirst = try connections(ofDevice: key.parts.1, of: key.parts.0).sorted { $0.value.usedAt > $1.value.usedAt }
        for (place, (key, connection)) in newestFirst.enumerated() {
            let isOld = connection.usedAt + SlidingConnection.lifetimeMilliseconds < time
            if isOld || place >= SlidingConnection.connectionsMax - 1 { try forgetConnection(key) }
        }
    }
}
