import CanonicalJSON
import HTTPTypes
import Homeserver
import MatrixProtocol

/// Public streams, as DriftDB's clients use them, and those of Matrix rooms (docs/streams.md).
struct StreamRoutes: RouteGroup {
    private let streams: PublicStreams
    private let connections: StreamConnections
    private let path: String
    private let publicBaseURL: String?
    let resources: Set<Resource>

    /// - Parameters:
    ///   - path: what stands before the endpoints' paths, without a slash at its end.
    ///   - publicBaseURL: where that is reached from outside; without it, it is where the request was sent to.
    init(
        _ streams: PublicStreams, _ connections: StreamConnections, path: String, publicBaseURL: String?, resources: Set<Resource>
    ) {
        self.streams = streams
        self.connections = connections
        self.path = path
        self.publicBaseURL = publicBaseURL.map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
        self.resources = resources
    }

    func add(to routes: inout RouteTable) {
        routes.post("\(path)/new", access: .optional, makeRoom)
        routes.get("\(path)/room/{room}", access: .open, getRoom)
        routes.post("\(path)/room/{room}/send", access: .open, bodySizeMaxBytes: Limits.streamMessageSizeMaxBytes) { request in
            try await send(request, to: streams.room(request.parameter("room")))
        }
        routes.get("\(path)/room/{room}/connect", access: .open) { request in
            try connect(request, to: streams.room(request.parameter("room")))
        }
        routes.get("\(path)/matrix/{roomId}", access: .guest, getMatrixRoom)
        routes.post("\(path)/matrix/{roomId}/send", access: .guest, bodySizeMaxBytes: Limits.streamMessageSizeMaxBytes) { request in
            try await send(request, to: matrixRoom(request))
        }
        routes.get("\(path)/matrix/{roomId}/connect", access: .guest) { request in
            try connect(request, to: matrixRoom(request))
        }
    }

    // MARK: - Rooms

    private func makeRoom(_ request: ClientRequest) async throws -> Answer {
        let room = try await streams.newRoom(for: request.optionalRequester, from: request.clientAddress)
        return Answer(description(of: room, at: "room/\(room)", request))
    }

    private func getRoom(_ request: ClientRequest) throws -> Answer {
        let room = request.parameter("room")
        _ = try streams.room(room)
        return Answer(description(of: room, at: "room/\(room)", request))
    }

    private func getMatrixRoom(_ request: ClientRequest) throws -> Answer {
        _ = try matrixRoom(request)
        let room = try request.roomID("roomId").string
        return Answer(description(of: room, at: "matrix/\(PercentEncoding.encode(room))", request))
    }

    private func matrixRoom(_ request: ClientRequest) throws -> StreamRoom {
        try streams.matrixRoom(request.roomID("roomId"), for: request.requester)
    }

    /// A room's name, and where it is connected and sent to.
    private func description(of room: String, at place: String, _ request: ClientRequest) -> JSONObject {
        let url = "\(publicBaseURL ?? request.origin)\(path)/\(place)"
        return [
            "room": .string(room),
            // ws for http, wss for https
            "socket_url": .string("ws\(url.dropFirst("http".count))/connect"),
            "http_url": .string("\(url)/send"),
        ]
    }

    // MARK: - Messages

    private func send(_ request: ClientRequest, to room: StreamRoom) async throws -> Answer {
        let format: StreamFormat = request.headers[.contentType] == Self.cborType ? .cbor : .json
        let bytes = try await request.bodyBytes()
        try streams.countSend(bytes.count, from: request.optionalRequester?.userID.string ?? request.clientAddress)
        let message: StreamRequest
        do throws(StreamRequestError) {
            message = try StreamRequest(parsing: bytes[...], format)
        } catch {
            switch error {
            case .unreadable: throw Self.error(.notJSON, error.description)
            case .malformed: throw Self.error(.badJSON, error.description)
            }
        }
        if message.isPush, let refusal = try room.refusalToPush() { throw Self.error(.forbidden, refusal) }
        let reply = try await room.answer(message, format)
        if case .error(let reason)? = reply { throw Self.error(.invalidParameter, reason) }
        switch format {
        case .json: return Answer(json: try reply?.encoded(in: format) ?? Array("null".utf8))
        case .cbor: return Answer(status: .ok, contentType: Self.cborType, body: try reply?.encoded(in: format) ?? [0xf6])
        }
    }

    private static let cborType = "application/cbor"

    /// An error in both forms: Matrix's, and that of a stream's message.
    private static func error(_ code: MatrixError.Code, _ message: String) -> MatrixError {
        MatrixError(code, message, extra: ["type": "error", "message": .string(message)])
    }

    // MARK: - Connections

    private func connect(_ request: ClientRequest, to room: StreamRoom) throws -> Answer {
        var options = StreamConnection.Options()
        options.format = try request.query.bool("cbor") ?? false ? .cbor : .json
        options.isDebugging = try request.query.bool("debug") ?? false
        options.wantsAskedKeysOnly = try request.query.string("keys") == "asked"
        let client = request.optionalRequester?.userID.string ?? request.clientAddress ?? ""
        let audience = try connections.audience(of: room, for: client)
        let upgrade = try WebSocketUpgrade(request.headers, messageSizeMaxBytes: Limits.streamMessageSizeMaxBytes) {
            [connections, options] handler, eventLoop in
            StreamConnection(
                handler, on: eventLoop, options: options, room: room, audience: audience, connections: connections, client: client
            ).begin()
        } untilForbidden: {
            try await room.untilForbidden()
        }
        return Answer(upgrade)
    }
}
