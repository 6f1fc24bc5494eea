import Crypto
import MatrixProtocol
import Store
import StoredIdentifiers

/// A number for what an annotation says, by whom and in which type of event: what nobody says twice of one event ("Avoiding duplicate
/// annotations"). The sender is part of it, so who finds two annotations with one number hinders nobody else.
enum AnnotationHash {
    /// The first 8 bytes of a SHA-256.
    static func of(sender: UserID, type: String, key: String?) -> UInt64 {
        UInt64(fixedWidth: Array(SHA256.hash(data: TupleKey(sender, type, key).encoded))[..<UInt64.width])
    }

    /// Nil for what is related in another way.
    static func of(_ value: RelatedEvent.Value) -> UInt64? {
        let (relationType, type, sender, key) = value.parts
        return relationType == Relation.annotation ? of(sender: sender, type: type, key: key) : nil
    }
}
