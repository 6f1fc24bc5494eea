import ArgumentParser
import CanonicalJSON
import Homeserver
import Store

/// `martlet token`: what a token that the server gave to a client says.
struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Say what a token of a sync or of pagination means.",
        discussion: "A token says how far a client has come: it holds positions in the server's databases, and no secret.")

    @Argument(help: "The token: a next_batch of sync, a pos of sliding sync, or a start, end or prev_batch of messages.")
    var token: String

    @Flag(help: "Print a JSON object.")
    var json = false

    func run() throws {
        guard let meaning = TokenMeaning(token) else {
            throw TokenError(description: "this is no token of a sync or of pagination: \(token)")
        }
        print(json ? meaning.json : meaning.text)
    }
}

private struct TokenError: Error, CustomStringConvertible {
    let description: String
}

/// A decoded token in the forms in which it is shown.
private enum TokenMeaning {
    case sync(SyncToken)
    case slidingSync(SlidingSyncPosition)
    case pagination(PaginationToken)

    init?(_ token: String) {
        if let token = SyncToken(token) {
            self = .sync(token)
        } else if let position = SlidingSyncPosition(token) {
            self = .slidingSync(position)
        } else if let token = PaginationToken(token) {
            self = .pagination(token)
        } else {
            return nil
        }
    }

    /// The values of the token's parts by their names.
    private var parts: [(name: String, versionstamp: Versionstamp)] {
        switch self {
        case .sync(let token): Self.parts(of: token)
        case .slidingSync(let position): Self.parts(of: position.token)
        case .pagination(let token): [("timeline", Versionstamp(token.position, batch: token.suborder))]
        }
    }

    private static func parts(of token: SyncToken) -> [(name: String, versionstamp: Versionstamp)] {
        [("rooms", token.rooms), ("accounts", token.accounts), ("transitory", token.transitory)]
            + (token.sticky.map { [("sticky", $0)] } ?? [])
    }

    private var kind: String {
        switch self {
        case .sync: "sync"
        case .slidingSync: "sliding sync"
        case .pagination: "pagination"
        }
    }

    /// A line for each part: its position, and the batch and user version where they are not zero.
    var text: String {
        let lines = parts.map { name, versionstamp in
            var line = "  \(name):" + String(repeating: " ", count: 12 - name.utf8.count) + "position \(versionstamp.position)"
            if versionstamp.batch != 0 { line += ", batch \(versionstamp.batch)" }
            if versionstamp.userVersion != 0 { line += ", user version \(versionstamp.userVersion)" }
            return line
        }
        return (["\(kind) token"] + lines).joined(separator: "\n")
    }

    var json: String {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("kind")
        writer.string(kind)
        for (name, versionstamp) in parts {
            writer.key(name)
            writer.beginObject()
            writer.key("position")
            writer.integer(versionstamp.position.value)
            writer.key("batch")
            writer.integer(Int64(versionstamp.batch))
            writer.key("user_version")
            writer.integer(Int64(versionstamp.userVersion))
            writer.endObject()
        }
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
