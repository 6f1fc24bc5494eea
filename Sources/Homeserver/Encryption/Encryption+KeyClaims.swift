import AccountsDatabase
import CanonicalJSON
import MatrixProtocol

extension Encryption {
    /// Hands out one-time keys, or fallback keys, of devices (`POST /keys/claim`).
    ///
    /// - Returns: `one_time_keys` and `failures`.
    package func claimKeys(_ request: KeyClaims) async throws -> [UInt8] {
        let local = request.claims.filter { $0.user.isOn(serverName) }
        let unreachable = Set(request.claims.filter { !$0.user.isOn(serverName) }.map(\.user.serverName))
        let claimed = zip(local, try await database.claim(local)).compactMap { claim, key in key.map { (claim, $0) } }
        var writer = JSONWriter(capacity: 512 + 512 * claimed.count)
        writer.beginObject()
        writer.key("one_time_keys")
        writer.beginObject()
        var rest = claimed[...]
        while let (first, _) = rest.first {
            let ofUser = rest.prefix { $0.0.user == first.user }
            rest = rest.dropFirst(ofUser.count)
            writer.key(first.user.string)
            writer.beginObject()
            for (claim, key) in ofUser {
                writer.key(claim.device)
                writer.beginObject()
                writer.key(key.name)
                writer.raw(key.json)
                writer.endObject()
            }
            writer.endObject()
        }
        writer.endObject()
        writer.key("failures")
        writer.object(failures(unreachable))
        writer.endObject()
        return writer.bytes
    }
}
