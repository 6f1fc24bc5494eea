import HTTPTypes
import Homeserver
import HummingbirdCore
import Logging
import MatrixProtocol
import NIOCore
import Store

/// Answers the requests of one listener.
struct Responder: Sendable {
    let router: Router
    let authenticator: any Authenticator
    let environment: Environment
    let responseFields: ResponseFields
    /// Whether the listener speaks TLS.
    let isTLS: Bool
    let trustedProxies: TrustedProxies
    let logger: Logger

    /// Answers one request. An error that is thrown closes the connection: there is nobody to write to.
    func respond(to request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel) async throws {
        let id = RequestID()
        let started = environment.clock.now()
        let target = RequestTarget(request.head.path ?? "")
        let match = Result { () throws(MatrixError) in try router.match(request.method, target.path) }
        // A client that asks whether it may send its body waits for an answer to that before it sends anything.
        if case .success(.found) = match, request.headers[.expect]?.lowercased() == "100-continue" {
            try await writer.writeInformationalHead(HTTPResponse(status: .continue))
        }
        let answer: Answer
        do {
            answer = try await self.answer(request, target, match, id: id, channel)
        } catch {
            throw error.reason
        }
        let now = environment.clock.now()
        if let upgrade = answer.upgrade {
            log(request.method, target.path, answer.status, milliseconds: now - started, id: id, match)
            return try await upgrade.run(on: channel, executor: environment.executors.short)
        }
        let head = HTTPResponse(status: answer.status, headerFields: responseFields.fields(for: answer, now: now))
        let isBodyless = request.method == .head || answer.body.isEmpty
        try await writer.write(response: head, body: isBodyless ? ResponseBody() : body(of: answer, id: id))
        log(request.method, target.path, answer.status, milliseconds: now - started, id: id, match)
    }

    private func body(of answer: Answer, id: RequestID) -> ResponseBody {
        guard let rest = answer.rest else { return ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)) }
        return ResponseBody { [environment, logger] writer in
            try await writer.write(ByteBuffer(bytes: answer.body))
            var rest = rest
            while !rest.isFinished {
                do {
                    let (piece, left) = try await withTaskExecutorPreference(environment.executors.long) { [rest] in
                        var left = rest
                        return (try left.next() ?? [], left)
                    }
                    rest = left
                    try await writer.write(ByteBuffer(bytes: piece))
                } catch {
                    logger.error("an answer broke off", metadata: ["request": .stringConvertible(id), "error": "\(error)"])
                    throw error
                }
            }
            try await writer.finish(nil)
        }
    }

    /// The answer, whatever goes wrong; only the connection's own failure is thrown.
    private func answer(
        _ request: Request, _ target: RequestTarget, _ match: Result<Router.Match, MatrixError>, id: RequestID, _ channel: any Channel
    ) async throws(BodySource.ConnectionFailure) -> Answer {
        if request.method == .options { return Answer(status: .noContent, contentType: nil, body: []) }
        do {
            switch try match.get() {
            case .found(let route, let values):
                return try await run(route, values, request, target, id: id, channel)
            case .wrongMethod(let allowed):
                var answer = Answer(MatrixError(.unrecognized, "Unrecognized method for this path", status: 405))
                answer.headers[.allow] = Set(allowed.map(\.rawValue) + ["OPTIONS"]).sorted().joined(separator: ", ")
                return answer
            case .unknown:
                throw MatrixError(.unrecognized, "Unrecognized request")
            }
        } catch let error as MatrixError {
            return Answer(error)
        } catch let failure as BodySource.ConnectionFailure {
            throw failure
        } catch is CancellationError {
            return Answer(MatrixError(.unknown, "The server is stopping", status: 503))
        } catch {
            logger.error(
                "request failed", metadata: ["request": .stringConvertible(id), "path": "\(target.path)", "error": "\(error)"])
            let storeError = (error as? StoreError).flatMap { MatrixError($0) }
            return Answer(storeError ?? MatrixError(.unknown, "Internal server error (request \(id))", status: 500))
        }
    }

    /// Checks who asks, and has the route's handler answer, both in the route's lane.
    private func run(
        _ route: Route, _ values: [String], _ request: Request, _ target: RequestTarget, id: RequestID, _ channel: any Channel
    ) async throws -> Answer {
        let query = Query(target.query)
        let announcedSizeBytes = request.headers[.contentLength].flatMap { Int($0) }
        let bodySource = BodySource(request.body, announcedSizeBytes: announcedSizeBytes, sizeMaxBytes: route.bodySizeMaxBytes)
        let token = route.access == .open ? nil : try AccessToken.find(request.headers, query)
        if token == nil, route.access != .open, route.access != .optional {
            throw MatrixError(.missingToken, "Missing access token")
        }
        let clientAddress = trustedProxies.client(of: request.headers, from: channel.remoteAddress)
        let answer: @Sendable () async throws -> Answer = {
            let isLeaving = route.access == .leavingUser
            let requester: Requester? =
                if let token { try await authenticator.authenticate(token: token, acceptsExpired: isLeaving) } else { nil }
            if let requester { authenticator.noteUse(by: requester, from: clientAddress) }
            if requester?.isLocked == true, !isLeaving { throw MatrixError.userLocked }
            if route.access != .guest, route.access != .optional, requester?.isGuest == true {
                throw MatrixError(.guestAccessForbidden, "This is not for guests")
            }
            if route.isLimited { try authenticator.countRequest(by: requester, from: clientAddress) }
            return try await route.handler(
                ClientRequest(
                    id: id, method: request.method, headers: request.headers, origin: origin(of: request), query: query,
                    optionalRequester: requester, clientAddress: clientAddress,
                    parameterNames: route.parameterNames, parameterValues: values, bodySource: bodySource, channel: channel,
                    baseLogger: logger))
        }
        if route.isLongPoll { return try await ConnectionGuard.poll(channel, on: executor(of: route), answer) }
        guard let executor = executor(of: route) else { return try await answer() }
        return try await withTaskExecutorPreference(executor, operation: answer)
    }

    /// Where the request was sent to, as far as its head and the listener tell.
    private func origin(of request: Request) -> String {
        let isSecure = isTLS || request.headers[.xForwardedProto] == "https"
        return "\(isSecure ? "https" : "http")://\(request.head.authority ?? "localhost")"
    }

    /// Nil stands for the connection's own task.
    private func executor(of route: Route) -> (any TaskExecutor)? {
        switch route.lane {
        case .short: environment.executors.short
        case .long: environment.executors.long
        case .immediate: nil
        }
    }

    private func log(
        _ method: HTTPRequest.Method, _ path: Substring, _ status: HTTPResponse.Status, milliseconds: Int64, id: RequestID,
        _ match: Result<Router.Match, MatrixError>
    ) {
        let isSlow =
            if case .success(.found(let route, _)) = match { !route.isLongPoll && milliseconds >= Limits.slowRequestMilliseconds } else {
                false
            }
        logger.log(
            level: isSlow || status.code >= 500 ? .info : .debug, "request",
            metadata: [
                "request": .stringConvertible(id), "method": "\(method.rawValue)", "path": "\(path)", "status": "\(status.code)",
                "milliseconds": "\(milliseconds)",
            ])
    }
}

/// The two parts of a request's target (RFC 9112, section 3.2.1), still encoded.
struct RequestTarget: Sendable {
    let path: Substring
    /// What follows the question mark; empty if there is none.
    let query: Substring

    init(_ target: String) {
        let mark = target.utf8.firstIndex(of: UInt8(ascii: "?")) ?? target.endIndex
        path = target[..<mark]
        query = mark < target.endIndex ? target[target.utf8.index(after: mark)...] : ""
    }
}

extension HTTPField.Name {
    /// Over what a client has reached the reverse proxy.
    fileprivate static let xForwardedProto: Self = {
        guard let name = HTTPField.Name("X-Forwarded-Proto") else { preconditionFailure("it is a field's name") }
        return name
    }()
}
