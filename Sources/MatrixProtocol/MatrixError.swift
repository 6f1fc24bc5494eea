public import CanonicalJSON

/// An error as a client or another server sees it: a code, a message that helps, and the HTTP status it travels with.
///
/// Everything that a stranger can cause ends as one of these ("Standard error response" in the client-server API).
public struct MatrixError: Error, Sendable, Equatable {
    /// The specification's error code, such as `M_FORBIDDEN`.
    public let code: Code
    /// What went wrong, for a person to read.
    public let message: String
    /// The HTTP status code.
    public let status: Int
    /// Members that the code calls for beside `errcode` and `error`, such as `soft_logout`.
    public let extra: JSONObject

    /// An error with the given code; `status` is the code's usual one unless it is given.
    public init(_ code: Code, _ message: String, status: Int? = nil, extra: JSONObject = [:]) {
        self.code = code
        self.message = message
        self.status = status ?? code.usualStatus
        self.extra = extra
    }

    /// The error's body: `errcode`, `error` and the extra members.
    public var body: JSONObject {
        var body = extra
        body["errcode"] = .string(code.rawValue)
        body["error"] = .string(message)
        return body
    }
}

extension MatrixError {
    /// The error codes of the specification, and of proposals, that the server uses.
    public enum Code: String, Sendable {
        case forbidden = "M_FORBIDDEN"
        case unknownToken = "M_UNKNOWN_TOKEN"
        case missingToken = "M_MISSING_TOKEN"
        case userLocked = "M_USER_LOCKED"
        case userSuspended = "M_USER_SUSPENDED"
        case userDeactivated = "M_USER_DEACTIVATED"
        case badJSON = "M_BAD_JSON"
        case notJSON = "M_NOT_JSON"
        case notFound = "M_NOT_FOUND"
        case limitExceeded = "M_LIMIT_EXCEEDED"
        case unrecognized = "M_UNRECOGNIZED"
        case unknown = "M_UNKNOWN"
        case unauthorized = "M_UNAUTHORIZED"
        case userInUse = "M_USER_IN_USE"
        case invalidUsername = "M_INVALID_USERNAME"
        case roomInUse = "M_ROOM_IN_USE"
        case invalidRoomState = "M_INVALID_ROOM_STATE"
        case unsupportedRoomVersion = "M_UNSUPPORTED_ROOM_VERSION"
        case incompatibleRoomVersion = "M_INCOMPATIBLE_ROOM_VERSION"
        case badState = "M_BAD_STATE"
        case guestAccessForbidden = "M_GUEST_ACCESS_FORBIDDEN"
        case missingParameter = "M_MISSING_PARAM"
        case invalidParameter = "M_INVALID_PARAM"
        case tooLarge = "M_TOO_LARGE"
        case exclusive = "M_EXCLUSIVE"
        case serverNotTrusted = "M_SERVER_NOT_TRUSTED"
        case badAlias = "M_BAD_ALIAS"
        case weakPassword = "M_WEAK_PASSWORD"
        case badPagination = "M_BAD_PAGINATION"
        case resourceLimitExceeded = "M_RESOURCE_LIMIT_EXCEEDED"
        case profileTooLarge = "M_PROFILE_TOO_LARGE"
        case keyTooLarge = "M_KEY_TOO_LARGE"
        case invalidSignature = "M_INVALID_SIGNATURE"
        case wrongRoomKeysVersion = "M_WRONG_ROOM_KEYS_VERSION"
        case duplicateAnnotation = "M_DUPLICATE_ANNOTATION"
        case termsNotSigned = "M_TERMS_NOT_SIGNED"
        case threePIDInUse = "M_THREEPID_IN_USE"
        case threePIDNotFound = "M_THREEPID_NOT_FOUND"
        case threePIDAuthFailed = "M_THREEPID_AUTH_FAILED"
        case threePIDMediumNotSupported = "M_THREEPID_MEDIUM_NOT_SUPPORTED"
        case inviteBlocked = "M_INVITE_BLOCKED"
        case cannotLeaveServerNoticeRoom = "M_CANNOT_LEAVE_SERVER_NOTICE_ROOM"
        case unknownPosition = "M_UNKNOWN_POS"
        case notInThread = "IO.ELEMENT.MSC4306.M_NOT_IN_THREAD"
        case conflictingUnsubscription = "IO.ELEMENT.MSC4306.M_CONFLICTING_UNSUBSCRIPTION"
        case maxDelayExceeded = "ORG.MATRIX.MSC4140_MAX_DELAY_EXCEEDED"

        /// The HTTP status with which the code travels when nothing else is said.
        var usualStatus: Int {
            switch self {
            case .forbidden, .guestAccessForbidden, .userSuspended, .userDeactivated, .resourceLimitExceeded, .termsNotSigned,
                .inviteBlocked, .cannotLeaveServerNoticeRoom, .wrongRoomKeysVersion:
                403
            case .unknownToken, .missingToken, .unauthorized, .userLocked: 401
            case .notFound, .unrecognized: 404
            case .limitExceeded: 429
            case .tooLarge: 413
            default: 400
            }
        }
    }
}
