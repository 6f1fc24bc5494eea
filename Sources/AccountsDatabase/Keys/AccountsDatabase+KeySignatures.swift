import CanonicalJSON
import MatrixProtocol
import Store
import StoredIdentifiers

extension AccountsDatabase {
    /// How many signed keys are taken over in one commit at most.
    private static let keysPerCommit = 500

    /// Adds a user's signatures to keys: to the user's own, and to others' master keys.
    ///
    /// - Returns: for each key whether it was still the one that was signed.
    package func add(_ keys: [SignedKey], signedBy signer: UserID) async throws -> [Bool] {
        var outcomes: [Bool] = []
        var rest = keys[...]
        while !rest.isEmpty {
            let next = rest.prefix(Self.keysPerCommit)
            let some = try await database.commit { commit in try commit.add(next, signedBy: signer) }
            rest = rest.dropFirst(some.count)
            outcomes += some
        }
        return outcomes
    }
}

extension Commit {
    /// Adds signatures to as many of the keys, from the first on, as one commit takes.
    fileprivate func add(_ keys: ArraySlice<SignedKey>, signedBy signer: UserID) throws -> [Bool] {
        var outcomes: [Bool] = []
        var changed: Set<String> = []
        for key in keys where !isHalfFull {
            let place = TupleKey(key.owner, key.id)
            guard let stored = try get(AccountsMaps.keyIDToKey, place).flatMap({ try JSONValue(parsing: $0).objectValue }),
                SignedJSON.haveSameContent(stored, key.object)
            else {
                outcomes.append(false)
                continue
            }
            outcomes.append(true)
            if key.owner == signer {
                let signed = SignedJSON.adding(signaturesOf: key.object, to: stored)
                guard signed != stored else { continue }
                put(AccountsMaps.keyIDToKey, place, signed.encoded())
                changed.insert(key.id)
            } else {
                try keep(key, signedBy: signer)
            }
        }
        if !changed.isEmpty { stampDeviceList(of: signer, device: changed.count == 1 ? changed.first : nil) }
        return outcomes
    }

    private func keep(_ key: SignedKey, signedBy signer: UserID) throws {
        let signatures = key.object["signatures"]?.objectValue?[signer.string]?.objectValue ?? [:]
        guard try AccountsView(self).keySignatures(by: signer, onKey: key.id, of: key.owner) != signatures else { return }
        let position = stamp(kind: AccountsChange.keySignature.rawValue, scope: .user(signer)) { _ in key.owner.encoded }
        put(
            AccountsMaps.keySignatures, TupleKey(signer, key.owner),
            KeySignature(keyID: key.id, position: position, signatures: signatures.encoded()))
    }
}
