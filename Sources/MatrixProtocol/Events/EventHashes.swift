package import CanonicalJSON
import Crypto

/// The content hash of an event: covers all of it, so that it shows whether a copy is complete
/// (server-server API, "Calculating the content hash for an event").
package enum ContentHash {
    /// The hash of an event in the federation format; its `unsigned`, `signatures` and `hashes` don't count.
    package static func compute(_ event: JSONObject, version: RoomVersion) throws(JSONError) -> [UInt8] {
        var hashed = event
        for name in ["unsigned", "signatures", "hashes"] { hashed.removeValue(forKey: name) }
        return Array(SHA256.hash(data: try version.encode(hashed)))
    }
}

/// The reference hash of an event: covers its essential fields. From room version 3 on it names the event
/// (server-server API, "Calculating the reference hash for an event").
package enum ReferenceHash {
    /// The hash of an event in the federation format, redacted or not: both have the same.
    package static func compute(_ event: JSONObject, version: RoomVersion) throws(JSONError) -> [UInt8] {
        hash(try EventSigning.signedBytes(event, version: version))
    }

    /// The hash of an event whose redacted form without signatures is known already.
    static func hash(_ signedBytes: [UInt8]) -> [UInt8] { Array(SHA256.hash(data: signedBytes)) }
}

extension EventID {
    /// The ID that a reference hash makes in that alphabet.
    init(referenceHash: [UInt8], _ alphabet: Base64.Alphabet) {
        self.init(trusted: "$" + Base64.encode(referenceHash, alphabet))
    }

    /// An ID that `server` chooses for an event: any that it has given to no other will do, and a hash of all of the event is one.
    init(chosenBy server: ServerName, for event: [UInt8]) {
        self.init(trusted: "$\(Base64.encode(Array(SHA256.hash(data: event)), .urlSafe)):\(server)")
    }
}

extension RoomVersion {
    /// The canonical JSON of an object, with what this version allows in it.
    func encode(_ object: JSONObject) throws(JSONError) -> [UInt8] {
        switch jsonStrictness {
        case .canonical: try object.canonical()
        case .lenient: object.encoded()
        }
    }
}
