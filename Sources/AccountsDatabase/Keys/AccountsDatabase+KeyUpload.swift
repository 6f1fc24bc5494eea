import CanonicalJSON
import MatrixProtocol
import Store
import StoredIdentifiers

extension AccountsView {
    /// A device's identity keys as JSON; nil if it has none.
    package func deviceKeys(of user: UserID, device: String) throws -> [UInt8]? {
        try reader.get(AccountsMaps.keyIDToKey, TupleKey(user, device))
    }

    /// The identity keys of some devices as JSON, in the devices' order; nil for those that have none.
    package func deviceKeys(of user: UserID, devices: [String]) throws -> [[UInt8]?] {
        try reader.get(AccountsMaps.keyIDToKey, all: devices.map { TupleKey(user, $0) })
    }

    /// How many of a device's keys can be claimed.
    package func keyCounts(of user: UserID, device: String) throws -> KeyCounts {
        try reader.get(AccountsMaps.keyCounts, TupleKey(user, device)) ?? KeyCounts()
    }
}

extension AccountsDatabase {
    /// Keeps the keys that a device publishes. All of them are kept, or none.
    ///
    /// - Parameter oneTimeKeysMax: how many one-time keys the device has at most.
    /// - Returns: how many of its keys can be claimed then.
    /// - Throws: `AccountsConflict.deviceGone`, `.oneTimeKeyExists`, `.tooManyOneTimeKeys`, `.tooManyKeyAlgorithms`.
    package func upload(_ keys: KeyUpload, of user: UserID, device: String, oneTimeKeysMax: Int) async throws -> KeyCounts {
        try await database.commit { commit in
            guard try commit.contains(AccountsMaps.deviceToMetadata, TupleKey(user, device)) else { throw AccountsConflict.deviceGone }
            if let deviceKeys = keys.deviceKeys, try commit.keep(deviceKeys, of: user, device: device) {
                commit.stampDeviceList(of: user, device: device)
            }
            return try commit.keepClaimable(keys, of: user, device: device, oneTimeKeysMax: oneTimeKeysMax)
        }
    }
}

extension Commit {
    /// Keeps a device's identity keys. Signatures that others have added to the same keys stay.
    ///
    /// - Returns: whether that changed anything.
    func keep(_ keys: JSONObject, of user: UserID, device: String) throws -> Bool {
        let key = TupleKey(user, device)
        let stored = try get(AccountsMaps.keyIDToKey, key)
        var kept = keys
        if let object = try stored.flatMap({ try JSONValue(parsing: $0).objectValue }), SignedJSON.haveSameContent(object, keys) {
            kept = SignedJSON.adding(signaturesOf: keys, to: object)
        }
        let bytes = kept.encoded()
        guard bytes != stored else { return false }
        put(AccountsMaps.keyIDToKey, key, bytes)
        return true
    }

    /// Keeps a device's one-time keys and fallback keys.
    func keepClaimable(_ keys: KeyUpload, of user: UserID, device: String, oneTimeKeysMax: Int) throws -> KeyCounts {
        var counts = try AccountsView(self).keyCounts(of: user, device: device)
        let before = counts
        let fresh = try newOneTimeKeys(among: keys.oneTimeKeys, of: user, device: device)
        if !fresh.isEmpty {
            let upload = makeShortID(KeyUploadID.self)
            for key in fresh {
                put(AccountsMaps.oneTimeKeys, TupleKey(user, device, key.algorithm, upload, key.id), key.json)
                counts.oneTimeKeys[key.algorithm, default: 0] += 1
            }
            guard counts.oneTimeKeys.values.reduce(0, +) <= Int64(oneTimeKeysMax) else { throw AccountsConflict.tooManyOneTimeKeys }
            guard counts.oneTimeKeys.count <= KeyCounts.algorithmsMax else { throw AccountsConflict.tooManyKeyAlgorithms }
        }
        for key in keys.fallbackKeys {
            let place = TupleKey(user, device, key.algorithm)
            // The same key again is as used as it was.
            if let known = try get(AccountsMaps.fallbackKeys, place), known.id == key.id, known.json == key.json { continue }
            put(AccountsMaps.fallbackKeys, place, FallbackKey(id: key.id, isUsed: false, json: key.json))
            counts.unusedFallbackKeys.insert(key.algorithm)
        }
        if !keys.fallbackKeys.isEmpty {
            var fallbackKeys = try domain(AccountsMaps.fallbackKeys, .tuples(user, device))
            guard try fallbackKeys.collect(limit: KeyCounts.algorithmsMax + 1).count <= KeyCounts.algorithmsMax else {
                throw AccountsConflict.tooManyKeyAlgorithms
            }
        }
        if counts != before { put(AccountsMaps.keyCounts, TupleKey(user, device), counts) }
        return counts
    }

    /// Those of the one-time keys that aren't there yet. What is there stays as it is.
    private func newOneTimeKeys(among keys: [ClaimableKey], of user: UserID, device: String) throws -> [ClaimableKey] {
        guard !keys.isEmpty else { return [] }
        var stored = try domain(AccountsMaps.oneTimeKeys, .tuples(user, device))
        var known: [String: [UInt8]] = [:]
        while let (key, json) = try stored.next() {
            let (_, _, algorithm, _, id) = key.parts
            known["\(algorithm):\(id)"] = json
        }
        return try keys.filter { key in
            guard let json = known[key.name] else { return true }
            guard try json == key.json || Self.areSame(json, key.json) else { throw AccountsConflict.oneTimeKeyExists(key.name) }
            return false
        }
    }

    /// Whether two one-time keys are the same but for their signatures, of which there can be many of one key.
    private static func areSame(_ first: [UInt8], _ second: [UInt8]) throws -> Bool {
        guard let first = try JSONValue(parsing: first).objectValue, let second = try JSONValue(parsing: second).objectValue else {
            return false
        }
        return SignedJSON.haveSameContent(first, second)
    }

    /// Removes everything that a device has published.
    func removeKeys(of user: UserID, device: String) throws {
        delete(AccountsMaps.keyIDToKey, TupleKey(user, device))
        delete(AccountsMaps.oneTimeKeys, .tuples(user, device))
        delete(AccountsMaps.fallbackKeys, .tuples(user, device))
        delete(AccountsMaps.keyCounts, TupleKey(user, device))
        if try get(AccountsMaps.dehydratedDevices, user)?.id == device { delete(AccountsMaps.dehydratedDevices, user) }
    }
}
