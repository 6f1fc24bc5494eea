import MatrixProtocol
import RoomsDatabase

/// What is asked of a relation that a client sends.
enum RelationRules {
    /// - Throws: `M_UNKNOWN` when an event that relates to another one itself is to be the root of a thread ("Validation of `m.thread`
    ///   relationships"), `M_DUPLICATE_ANNOTATION` for what the user has said of the event already ("Avoiding duplicate annotations").
    static func check(_ relation: Relation, type: String, sender: UserID, in room: Room, _ commit: RoomsCommit) throws {
        guard let target = try commit.view.shortID(of: relation.target) else { return }
        switch relation.type {
        case Relation.thread:
            guard let root = try commit.view.event(target), try Relation(root.content()) != nil else { return }
            throw MatrixError(.unknown, "An event that relates to another one can't be the root of a thread")
        case Relation.annotation:
            guard try !commit.view.isAnnotated(target, by: sender, type: type, key: relation.key) else {
                throw MatrixError(.duplicateAnnotation, "You have annotated the event like this already")
            }
        default: return
        }
    }
}
